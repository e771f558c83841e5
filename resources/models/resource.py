"""The catalog's record, and every way in which it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ghost.core.audit import trail
from ghost.core.catalog.models import Catalog
from ghost.core.errors import RefusedError
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind
from ghost.core.jobs.task_names import TaskName
from ghost.core.text.reasons import NONE
from resources import provenance, slugs, tags
from resources.models import events, list_index
from resources.models.block import Block
from resources.models.findings import OUTAGE_PAUSE, RETRY_PAUSES, Outcomes
from resources.models.insert import Neighbours
from resources.models.queryset import ResourceQuerySet
from resources.states import DhtStatus, ProbeStatus
from resources.torrents import magnets, metadata
from teams.models import Token
from teams.roles import Role

__all__ = ["OUTAGE_PAUSE", "RETRY_PAUSES", "DhtStatus", "ProbeStatus", "Resource", "ResourceTag"]

MAX_BODY_BYTES = 100_000
EDITED_FIELDS = (
    "title", "title_folded", "magnet_uri", "magnet_hash", "magnet_hash_v2", "content_markdown", "tags",
    "cover_image_url", "category", "publisher", "team", "published_at", "updated_at",
    "licence", "source_url", "checksums", "supersedes", "awaits_review", "review_note",
)  # fmt: skip
"""What people write; the other fields belong to workers, which may write at the same moment."""

_DERIVED = ("title_folded", "updated_at")
_LINKS = ("category", "publisher", "team", "supersedes")

COVER_BURST = timedelta(seconds=10)
"""Addresses that come so close together are announced once; the schedule finds the rest."""
COVER_FIELDS = ("cover_image_path", "cover_error", "cover_due_at", "cover_uploaded_at")
PROBE_FIELDS = (
    "probe_status", "probe_error", "probe_attempts", "probe_due_at", "probe_claim",
    "probe_claimed_until", "probed_at", "total_size_bytes", "file_count", "files_tree_summary",
    "num_peers", "dht_status", "dht_misses", "dht_changed_at", "last_dht_check", "other_hash",
)  # fmt: skip


class Resource(Outcomes):
    """One torrent with its title, words, place in the tree, health and history."""

    task_id: str | None = None  # the probe that this very request queued
    neighbours: Neighbours | None = None  # looked up beforehand, for many rows at once

    objects = ResourceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = gettext_lazy("resource")
        verbose_name_plural = gettext_lazy("resources")
        indexes = [
            models.Index(
                fields=["cover_due_at"],
                condition=models.Q(cover_due_at__isnull=False),
                name="resources_cover_due",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(awaits_review=True),
                name="resources_awaiting_review",
            ),
            list_index.INDEX,
        ]

    # -- the gate

    def clean(self) -> None:
        """Read the magnet, clean the tags; refuse twins, blocked hashes and what is too long."""
        self._clean_team()
        self._cleaned("tags", tags.clean)
        self._cleaned("licence", provenance.clean_licence)
        self._cleaned("checksums", provenance.clean_checksums)
        self._clean_body()
        self._clean_supersedes()
        self.cover_image_url = self.cover_image_url or None
        self._clean_magnet()

    def _clean_magnet(self) -> None:
        try:
            magnet = magnets.parse(self.magnet_uri)
        except RefusedError as error:
            raise ValidationError({"magnet_uri": str(error)}) from error
        self.magnet_uri = magnet.uri()
        if (magnet.hash, magnet.v2) == (self.magnet_hash, self.magnet_hash_v2):
            return
        self._require_room(magnet)
        self.magnet_hash, self.magnet_hash_v2 = magnet.hash, magnet.v2
        self._forget_metadata()

    def read_magnet(self) -> magnets.Magnet | None:
        """Its link, parsed; None if it can't be, which `clean` will tell."""
        try:
            return self.magnet
        except RefusedError:
            return None

    def _require_room(self, magnet: magnets.Magnet) -> None:
        around = self.neighbours or Neighbours(Resource, (magnet.v1, magnet.v2))
        around.require_room(self, magnet)

    def _clean_team(self) -> None:
        # Taken out of its team, a member's work would be out of everybody's sight.
        is_known = "publisher" in self._state.fields_cache
        maker = self.publisher if is_known else Token.objects.filter(pk=self.publisher_id).first()
        if maker and maker.role == Role.TEAM_MEMBER and maker.scope_team_id != self.team_id:
            raise ValidationError({"team": _("What a team member publishes stays in its team.")})

    def _cleaned(self, field: str, clean: Callable[[Any], Any]) -> None:
        try:
            setattr(self, field, clean(getattr(self, field)))
        except RefusedError as error:
            raise ValidationError({field: str(error)}) from error

    def _clean_supersedes(self) -> None:
        """No release replaces itself, by whatever way round."""
        rows = Resource.objects.order_by()
        if self.pk is None or rows.filter(pk=self.pk, supersedes=self.supersedes_id).exists():
            return  # nothing replaces a new one yet; and what is stored was looked at
        seen, older = {self.pk}, self.supersedes_id
        while older is not None:
            if older in seen:
                told = _("A release can't replace itself, nor one that came after it.")
                raise ValidationError({"supersedes": told})
            seen.add(older)
            older = rows.filter(pk=older).values_list("supersedes", flat=True).first()

    def _clean_body(self) -> None:
        if len(self.content_markdown.encode("utf-8", "replace")) > MAX_BODY_BYTES:
            raise ValidationError(
                {"content_markdown": _("The description may have at most 100 kB.")}
            )

    def _forget_metadata(self) -> None:
        """The magnet is another one: what was probed does not hold any more."""
        self.probe_status, self.probe_due_at = ProbeStatus.PENDING, timezone.now()
        self.probe_error, self.probe_attempts, self.probe_claim = NONE, 0, ""
        self.probe_claimed_until = self.probed_at = None
        self.total_size_bytes = self.file_count = self.num_peers = None
        self.files_tree_summary = self.other_hash = ""
        self.dht_status, self.dht_misses = DhtStatus.UNKNOWN, 0
        self.dht_changed_at = self.last_dht_check = None

    def store(self) -> bool:
        """The one way to save it; True if it now needs a probe.

        Checks everything, keeps the index of tags, and moves the catalog's revision if what is
        public changed. ValidationError has the code `duplicate` or `blocked` where that is why.
        """
        with Catalog.turn():
            old = Resource.objects.select_for_update().filter(pk=self.pk).first()
            self.full_clean()
            if old is None or self._wants_other_cover(old):
                self.ask_cover()
                self.announce_covers([self])
            self.updated_at = timezone.now()
            self._save_over(old)
            self._index_tags()
            self._tell_catalog(old)
            self._audit(old)
        is_new = old is None or not old.names_as(self)
        return is_new and self.probe_status == ProbeStatus.PENDING

    def _audit(self, old: Resource | None) -> None:
        what, before, after = "create", None, self.audited()
        if old:
            what, before = "update", old.audited()
        trail.record(f"resource.{what}", self, before, after)
        if before != after:
            events.changed(what, [self])

    def audited(self) -> dict[str, Any]:
        """What people wrote of it, for the audit trail."""
        fields = {name: getattr(self, f"{name}_id", None) for name in _LINKS}
        names = (n for n in EDITED_FIELDS if n not in _LINKS + _DERIVED)
        return {n: getattr(self, n) for n in names} | fields

    def _save_over(self, old: Resource | None) -> None:
        """Write what changed here, and take over what workers wrote meanwhile."""
        if old is None:
            return self._save_unless_twin(None)
        fields, theirs = list(EDITED_FIELDS), list[str]()
        for group, is_ours in (
            (COVER_FIELDS, self._wants_other_cover(old)),
            (PROBE_FIELDS, not old.names_as(self)),
        ):
            (fields if is_ours else theirs).extend(group)
        for name in theirs:
            setattr(self, name, getattr(old, name))
        return self._save_unless_twin(fields)

    def _save_unless_twin(self, fields: list[str] | None) -> None:
        try:
            with transaction.atomic():
                self.save(update_fields=fields)
        except IntegrityError:  # somebody was faster since clean()
            self.neighbours = None
            self._require_room(self.magnet)
            raise

    def _index_tags(self) -> None:
        rows = [ResourceTag(resource=self, slug=slugs.make(t), name=t) for t in self.tags]
        self.tag_index.exclude(slug__in=[row.slug for row in rows]).delete()
        ResourceTag.objects.bulk_create(
            rows, update_conflicts=True, update_fields=["name"], unique_fields=["resource", "slug"]
        )

    @classmethod
    def index_tags(cls, rows: Iterable[Resource]) -> None:
        """Put the tags of new rows into the index."""
        ResourceTag.objects.bulk_create(
            ResourceTag(resource=row, slug=slugs.make(t), name=t) for row in rows for t in row.tags
        )

    def _wants_other_cover(self, old: Resource) -> bool:
        """Whether it has another address than the old one; an uploaded cover needs none."""
        is_kept = old.cover_uploaded_at is not None and not self.cover_image_url
        return old.cover_image_url != self.cover_image_url and not is_kept

    def ask_cover(self) -> None:
        """Have the cover at its address fetched, once it is stored."""
        self.cover_image_path, self.cover_error, self.cover_uploaded_at = None, NONE, None
        self.cover_due_at = timezone.now() if self.cover_image_url else None

    @classmethod
    def announce_covers(cls, rows: Iterable[Resource]) -> None:
        """Wake whoever fetches covers, if one of these rows asks for one; once for a burst."""
        now = timezone.now()
        burst = cls.objects.filter(cover_due_at__range=(now - COVER_BURST, now))
        others = burst.exclude(pk__in=[row.pk for row in rows if row.pk])
        is_asked = any(row.cover_due_at for row in rows)
        if is_asked and settings.GHOST.enable_scheduler and not others.exists():
            # robust: the rows are stored by then, and the schedule finds them
            enqueue = partial(queue.enqueue, TaskName.LOCALIZE_COVERS, kind=JobKind.COVERS)
            transaction.on_commit(enqueue, robust=True)

    def forget(self) -> bool:
        """Delete a new one whose probe failed; False if somebody has had a hand in it since."""
        with Catalog.turn():
            if not Resource.objects.filter(pk=self.pk).exists():
                return True
            if self._as_stored() is None:
                return False
            transaction.on_commit(partial(metadata.forget, self.magnet_hash))
            trail.record("resource.forget", self, self.audited(), None)
            events.changed("forget", [self])
            Resource.objects.filter(pk=self.pk).delete()
        return True

    def _as_stored(self) -> Resource | None:
        """The row, locked, if its probe failed and nobody edited, took down or let it off since."""
        rows = Resource.objects.filter(pk=self.pk, updated_at=self.updated_at, probed_at=None)
        left_alone = rows.standing().exclude(probe_status=ProbeStatus.SKIPPED)
        return left_alone.select_for_update().first()

    def put_back(self, before: Resource) -> bool:
        """Undo the `store` of this one, as far as it wrote; False if that can't be any more.

        That is so if somebody had a hand in it meanwhile, or took or blocked the old magnet.
        """
        with Catalog.turn():
            now = self._as_stored()
            if now is None or before._is_replaced():
                return False
            if before._wants_other_cover(now) and (now.cover_image_path or now.cover_error):
                before.ask_cover()  # the other one has come, or failed to
            try:
                before._save_over(now)
            except ValidationError:  # somebody took the old magnet in this very moment
                return False
            before._index_tags()
            before._tell_catalog(now)
            before._audit(now)
        return True

    def _is_replaced(self) -> bool:
        """Whether its torrent is listed elsewhere or blocked by now."""
        twins = Resource.objects.twins_of(*self.hashes).exclude(pk=self.pk)
        return twins.exists() or Block.objects.covering(*self.hashes).exists()


class ResourceTag(models.Model):
    """The index of tags by slug; the truth is `Resource.tags`, as the publisher typed them."""

    resource = models.ForeignKey(Resource, models.CASCADE, related_name="tag_index")
    slug = models.CharField(max_length=200)
    name = models.CharField(max_length=tags.MAX_CHARS)

    class Meta:
        verbose_name = gettext_lazy("tag")
        verbose_name_plural = gettext_lazy("tags")
        constraints = [
            models.UniqueConstraint("resource", "slug", name="resources_tag_once_per_resource")
        ]
        indexes = [models.Index(fields=["slug", "resource"], name="resources_tagged")]

    def __str__(self) -> str:
        return self.name
