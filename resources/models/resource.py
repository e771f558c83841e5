"""The catalog's record, and every way in which it changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_q.tasks import async_task

from ghost.errors import ForbiddenError, RefusedError
from resources import magnets, metadata, slugs, tags
from resources.models.block import Block
from resources.models.catalog import Catalog
from resources.models.querysets import ResourceQuerySet
from resources.models.record import Record
from resources.states import DhtStatus, ProbeStatus
from teams.models import Token
from teams.roles import Role

__all__ = ["DhtStatus", "ProbeStatus", "Resource", "ResourceTag"]

MAX_BODY_BYTES = 100_000
RETRY_PAUSES = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 6 * 60, 24 * 60, 72 * 60)
)
"""How long a first probe that failed waits for the next one; then nobody tries by itself."""
OUTAGE_PAUSE = timedelta(minutes=5)
"""The same for one that could not be tried: that says nothing of the torrent, so it goes on."""

EDITED_FIELDS = (
    "title", "magnet_uri", "magnet_hash", "magnet_hash_v2", "content_markdown", "tags",
    "cover_image_url", "category", "publisher", "team", "published_at", "updated_at",
)  # fmt: skip
"""What people write; the other fields belong to workers, which may write at the same moment."""

COVER_BURST = timedelta(seconds=10)
"""Addresses that come so close together are announced once; the schedule finds the rest."""
COVER_FIELDS = ("cover_image_path", "cover_error", "cover_due_at", "cover_uploaded_at")
PROBE_FIELDS = (
    "probe_status", "probe_error", "probe_attempts", "probe_due_at", "probe_claim",
    "probe_claimed_until", "probed_at", "total_size_bytes", "file_count", "files_tree_summary",
    "num_peers", "dht_status", "dht_misses", "dht_changed_at", "last_dht_check", "other_hash",
)  # fmt: skip


class Resource(Record):
    """One torrent with its title, words, place in the tree, health and history."""

    task_id: str | None = None  # the probe that this very request queued

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
            )
        ]

    # -- the gate

    def clean(self) -> None:
        """Read the magnet, clean the tags; refuse twins, blocked hashes and what is too long."""
        self._clean_team()
        self._clean_tags()
        self._clean_body()
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
        if Block.objects.covering(magnet.v1, magnet.v2).exists():
            raise ValidationError(
                {"magnet_uri": ValidationError(_("This torrent is blocked."), code="blocked")}
            )
        self._refuse_twins(magnet)
        self.magnet_hash, self.magnet_hash_v2 = magnet.hash, magnet.v2
        self._forget_metadata()

    def _refuse_twins(self, magnet: magnets.Magnet) -> None:
        twin = Resource.objects.twins_of(magnet.v1, magnet.v2).exclude(pk=self.pk).first()
        if twin is not None:
            raise ValidationError(
                {
                    "magnet_uri": ValidationError(
                        _("This torrent is listed already."),
                        code="duplicate",
                        params={"resource_id": twin.pk},
                    )
                }
            )

    def _clean_team(self) -> None:
        # Taken out of its team, a member's work would be out of everybody's sight.
        maker = Token.objects.filter(pk=self.publisher_id, role=Role.TEAM_MEMBER).first()
        if maker and maker.scope_team_id != self.team_id:
            raise ValidationError({"team": _("What a team member publishes stays in its team.")})

    def _clean_tags(self) -> None:
        if not isinstance(self.tags, list):
            raise ValidationError({"tags": _("Tags are a list of texts.")})
        try:
            self.tags = tags.clean(self.tags)
        except RefusedError as error:
            raise ValidationError({"tags": str(error)}) from error

    def _clean_body(self) -> None:
        if len(self.content_markdown.encode("utf-8", "replace")) > MAX_BODY_BYTES:
            raise ValidationError(
                {"content_markdown": _("The description may have at most 100 kB.")}
            )

    def _forget_metadata(self) -> None:
        """The magnet is another one: what was probed does not hold any more."""
        self.probe_status, self.probe_due_at = ProbeStatus.PENDING, timezone.now()
        self.probe_error, self.probe_attempts, self.probe_claim = "", 0, ""
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
        with transaction.atomic():
            old = Resource.objects.select_for_update().filter(pk=self.pk).first()
            self.full_clean()
            if old is None or self._wants_other_cover(old):
                self._ask_cover()
            self.updated_at = timezone.now()
            self._save_over(old)
            self._index_tags()
            self._tell_catalog(old)
        is_new = old is None or not old.names_as(self)
        return is_new and self.probe_status == ProbeStatus.PENDING

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
            self._refuse_twins(self.magnet)
            raise

    def _index_tags(self) -> None:
        rows = [ResourceTag(resource=self, slug=slugs.make(t), name=t) for t in self.tags]
        self.tag_index.exclude(slug__in=[row.slug for row in rows]).delete()
        ResourceTag.objects.bulk_create(
            rows, update_conflicts=True, update_fields=["name"], unique_fields=["resource", "slug"]
        )

    def _tell_catalog(self, old: Resource | None, *, has_new_cover: bool = False) -> None:
        before, now = old.public_state() if old else None, self.public_state()
        if before != now or (now and has_new_cover):
            what = "changed" if before else "added"
            Catalog.advance(f"“{self.title}” {what}", [self.pk])

    def _wants_other_cover(self, old: Resource) -> bool:
        """Whether it has another address than the old one; an uploaded cover needs none."""
        is_kept = old.cover_uploaded_at is not None and not self.cover_image_url
        return old.cover_image_url != self.cover_image_url and not is_kept

    def _ask_cover(self) -> None:
        self.cover_image_path, self.cover_error, self.cover_uploaded_at = None, "", None
        self.cover_due_at = timezone.now() if self.cover_image_url else None
        if self.cover_due_at:
            self._announce_cover(self.cover_due_at)

    @staticmethod
    def _announce_cover(now: datetime) -> None:
        burst = Resource.objects.filter(cover_due_at__range=(now - COVER_BURST, now))
        if settings.GHOST.enable_scheduler and not burst.exists():
            # robust: the row is stored by then, and the schedule finds it
            transaction.on_commit(partial(async_task, settings.COVER_DUE_TASK), robust=True)

    def forget(self) -> bool:
        """Delete a new one whose probe failed; False if somebody has had a hand in it since."""
        with transaction.atomic():
            if not Resource.objects.filter(pk=self.pk).exists():
                return True
            if self._as_stored() is None:
                return False
            transaction.on_commit(partial(metadata.forget, self.magnet_hash))
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
        with transaction.atomic():
            now = self._as_stored()
            if now is None or before._is_replaced():
                return False
            if before._wants_other_cover(now) and (now.cover_image_path or now.cover_error):
                before._ask_cover()  # the other one has come, or failed to
            try:
                before._save_over(now)
            except ValidationError:  # somebody took the old magnet in this very moment
                return False
            before._index_tags()
            before._tell_catalog(now)
        return True

    def _is_replaced(self) -> bool:
        """Whether its torrent is listed elsewhere or blocked by now."""
        twins = Resource.objects.twins_of(*self.hashes).exclude(pk=self.pk)
        return twins.exists() or Block.objects.covering(*self.hashes).exists()

    def require_sight_by(self, token: Token) -> None:
        """ForbiddenError unless it is in the token's scope."""
        if not Resource.objects.in_scope(token).filter(pk=self.pk).exists():
            raise ForbiddenError(_("This resource is not yours."))

    def require_change_by(self, token: Token) -> None:
        """ForbiddenError unless it is in the token's scope; taken down, only an Admin's."""
        self.require_sight_by(token)
        if self.takedown_at and not token.is_admin:
            raise ForbiddenError(_("This resource was taken down; only an Admin may change it."))

    def take_down(self, *, reason: str, by: str) -> None:
        """`ResourceQuerySet.take_down` for this one."""
        Resource.objects.filter(pk=self.pk).take_down(reason=reason, by=by)
        self.refresh_from_db()

    def restore(self) -> None:
        """`ResourceQuerySet.restore` for this one."""
        Resource.objects.filter(pk=self.pk).restore()
        self.refresh_from_db()

    def discard(self) -> None:
        """Delete it with its metadata; RefusedError while it is public. A block stays."""
        with transaction.atomic():
            row = Resource.objects.select_for_update().get(pk=self.pk)
            if row.is_public:
                raise RefusedError(_("It is public: take it down or withdraw it first."))
            transaction.on_commit(partial(metadata.forget, row.magnet_hash))
            self.delete()

    # -- what a probe found

    def record_metadata(self, found: metadata.Metadata) -> bool:
        """Keep what a probe found; False if the magnet was changed or removed meanwhile.

        A probe tells a hybrid's other half too. If that one is blocked, or listed already, this
        one is kept off the public: `probed_at` stays empty, and `probe_error` says why.
        """
        metadata.save(found)
        with transaction.atomic():
            other = self._other_half(found)
            why_not = self._why_not_listed(other) if other else ""
            is_kept = self._record_found(found, other, why_not)
        if not is_kept and not Resource.objects.filter(magnet_hash=found.magnet_hash).exists():
            metadata.forget(found.magnet_hash)
        return is_kept

    def _other_half(self, found: metadata.Metadata) -> str:
        named = (self.magnet_hash, self.magnet_hash_v2)
        return next((h for h in (found.v1, found.v2) if h and h not in named), "")

    def _why_not_listed(self, other: str) -> str:
        """Why it must not be public, now that its other half is known; empty if it may."""
        Catalog.lock()  # both halves may be recorded at once
        now = Resource.objects.filter(pk=self.pk).first()
        if now is None or (now.probed_at and now.other_hash == other):
            return ""
        if now.takedown_at:
            Block.objects.add(
                [other], reason=now.takedown_reason, by="takedown", is_of_takedown=True
            )
            return ""
        if Block.objects.covering(other).exists():
            return "This torrent is blocked by the hash of its other half."
        twins = Resource.objects.twins_of(other).exclude(pk=self.pk)
        # The one that was there first stays, unless it never got anywhere.
        is_first = models.Q(pk__lt=self.pk) | models.Q(takedown_at__isnull=False)
        is_known = models.Q(probed_at__isnull=False) | models.Q(probe_status=ProbeStatus.SKIPPED)
        twin = twins.filter(is_first | is_known).order_by("pk").first()
        if twin is None:
            return ""
        is_seen = twin.is_public or Resource.objects.in_scope(self.publisher).contains(twin)
        by_whom = f"as resource {twin.pk}" if is_seen else "by somebody else"
        return f"This torrent is listed already, {by_whom}."

    def _record_found(self, found: metadata.Metadata, other: str, why_not: str) -> bool:
        return self._record_probe(
            probe_status=ProbeStatus.OK,
            probe_error=why_not,
            probe_attempts=0,
            probe_due_at=None,
            probed_at=None if why_not else found.fetched_at,
            other_hash=other,
            total_size_bytes=found.total_size_bytes,
            file_count=found.file_count,
            files_tree_summary=found.files_tree_summary,
            num_peers=found.num_peers,
            dht_status=DhtStatus.ACTIVE,
            dht_misses=0,
            last_dht_check=found.fetched_at,
        )

    def record_probe_miss(self, status: ProbeStatus, error: str) -> bool:
        """Note that a probe failed and when to try again; False if the magnet changed meanwhile.

        What was known before stays. Only a first probe is repeated by itself.
        """
        is_tried = status != ProbeStatus.UNAVAILABLE
        pause = self._pause() if is_tried else OUTAGE_PAUSE
        return self._record_probe(
            probe_status=self.probe_status if self.probe_status == ProbeStatus.SKIPPED else status,
            probe_error=error,
            probe_attempts=self.probe_attempts + is_tried,
            probe_due_at=timezone.now() + pause if pause and self.probed_at is None else None,
        )

    def _pause(self) -> timedelta | None:
        """Until a probe that found nobody is repeated, if ever."""
        left = RETRY_PAUSES[self.probe_attempts :]
        return left[0] if left else None

    def _record_probe(self, **values: object) -> bool:
        with transaction.atomic():
            old = (
                Resource.objects.select_for_update()
                .filter(
                    pk=self.pk, magnet_hash=self.magnet_hash, magnet_hash_v2=self.magnet_hash_v2
                )
                .first()
            )
            if old is None:
                return False
            if values.get("dht_status", old.dht_status) != old.dht_status:
                values["dht_changed_at"] = timezone.now()
            Resource.objects.filter(pk=self.pk).update(
                **values, probe_claim="", probe_claimed_until=None
            )
            self.refresh_from_db()
            self._tell_catalog(old)
        return True

    def record_cover(
        self,
        path: str | None,
        *,
        error: str = "",
        again_at: datetime | None = None,
        is_by_hand: bool = False,
    ) -> None:
        """Note where the new cover lies, or why there is none and when to try again.

        `is_by_hand`: somebody uploaded it, or removed what was uploaded.
        """
        edit = {"updated_at": timezone.now()} if is_by_hand else {}
        with transaction.atomic():
            old = Resource.objects.select_for_update().get(pk=self.pk)
            Resource.objects.filter(pk=self.pk).update(
                cover_image_path=path,
                cover_error=error[:300],
                cover_due_at=again_at,
                cover_uploaded_at=edit.get("updated_at") if path else None,
                **edit,
            )
            self.refresh_from_db()
            self._tell_catalog(old, has_new_cover=path is not None)


class ResourceTag(models.Model):
    """The index of tags by slug; the truth is `Resource.tags`, as the publisher typed them."""

    resource = models.ForeignKey(Resource, models.CASCADE, related_name="tag_index")
    slug = models.CharField(max_length=200, db_index=True)
    name = models.CharField(max_length=tags.MAX_CHARS)

    class Meta:
        verbose_name = gettext_lazy("tag")
        verbose_name_plural = gettext_lazy("tags")
        constraints = [
            models.UniqueConstraint("resource", "slug", name="resources_tag_once_per_resource")
        ]

    def __str__(self) -> str:
        return self.name
