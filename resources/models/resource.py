"""A resource: the check that every write goes through, and the verbs for one row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ghost.core.audit import trail
from ghost.core.catalog.models import Catalog, Change
from ghost.core.errors import ForbiddenError, RefusedError
from ghost.core.text.notes import Notes
from ghost.core.text.reasons import NONE
from resources import provenance, reasons, slugs, tags
from resources.models import cover_requests, events, list_index
from resources.models.fields import COVER_FIELDS, EDITED_FIELDS, PROBE_FIELDS, ResourceFields
from resources.models.hashes.block import Block
from resources.models.hashes.collisions import Collisions
from resources.models.hashes.text_hash import MOST_IN_TEXT, TextHash
from resources.models.queryset import ResourceQuerySet
from resources.models.tag import ResourceTag
from resources.states import ProbeStatus
from resources.swarms import SwarmFigures
from resources.torrents import magnets, metadata, private
from teams.models import Token
from teams.roles import Role

MAX_BODY_BYTES = 100_000
_DERIVED = ("title_folded", "updated_at", "became_public_at")
KEYS = ("category", "publisher", "team", "supersedes")
"""The fields that name other rows."""
_CLEANED: dict[str, tuple[Callable[[Any], Any], object]] = {
    "tags": (tags.clean, []),
    "licence": (provenance.clean_licence, ""),
    "checksums": (provenance.clean_checksums, []),
}
"""How each is cleaned, and what needs no cleaning."""


class Resource(ResourceFields):
    """One torrent with its title, words, place in the tree, health and history."""

    viewer: Token | None = None  # who looks at it, where that matters
    task_id: str | None = None  # the probe that this very request queued
    collisions: Collisions | None = None  # looked up beforehand, for many rows at once
    _notes: Notes | None = None

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

    @property
    def notes(self) -> Notes:
        """What its writer should know, from all through whose hands the row went."""
        if self._notes is None:
            self._notes = Notes()
        return self._notes

    @property
    def superseded_by(self) -> list[int]:
        """Keys of the releases that replace it, newest first: the public ones, and those in the
        viewer's scope."""
        newer = Resource.objects.filter(supersedes=self.pk)
        if not newer.exists():
            return []
        keys = set(newer.public().values_list("pk", flat=True))
        if self.viewer is not None:
            keys.update(newer.in_scope(self.viewer).values_list("pk", flat=True))
        return sorted(keys, reverse=True)

    @cached_property
    def on_site_at(self) -> datetime | None:
        """Since when the public site shows it as it is now; None: not yet, or no longer. Lists have
        it read along with their rows (`ResourceQuerySet.with_site_times`)."""
        if not self.is_public:
            return None
        rows = Change.objects.filter(pk=self.pk)
        return rows.values_list("on_site_at", flat=True).first()

    # -- the check

    def clean(self) -> None:
        """Read the magnet, clean the tags; refuse twins, blocked hashes and what is too long."""
        self._clean_team()
        for name, (clean, empty) in _CLEANED.items():
            if getattr(self, name) != empty:
                self._clean_with(name, clean)
        if len(self.content_markdown.encode("utf-8", "replace")) > MAX_BODY_BYTES:
            message = _("The description may have at most 100 kB.")
            raise ValidationError({"content_markdown": message})
        self._clean_mentions()
        self._clean_supersedes()
        self.cover_image_url = self.cover_image_url or None
        self._clean_magnet()

    def _clean_mentions(self) -> None:
        if len(self.mentions) > MOST_IN_TEXT:
            message = _("The description may name at most %d info-hashes.") % MOST_IN_TEXT
            raise ValidationError({"content_markdown": message})

    def _clean_with(self, name: str, clean: Callable[[Any], Any]) -> None:
        try:
            setattr(self, name, clean(getattr(self, name)))
        except RefusedError as error:
            raise ValidationError({name: str(error)}) from error

    def _clean_magnet(self) -> None:
        try:
            magnet = self.magnet
            self.magnet = magnet  # in its one spelling
        except RefusedError as error:
            raise ValidationError({"magnet_uri": str(error)}) from error
        self.notes.add(*magnet.notes)
        hashes = (magnet.hash, magnet.v2)
        if hashes != (self.magnet_hash, self.magnet_hash_v2):
            self._require_no_collision(magnet)
            is_same_half = not set(self.hashes).isdisjoint(hashes)
            stays_private = self.is_private and is_same_half
            self.magnet_hash, self.magnet_hash_v2 = hashes
            self._forget_probe()
            self.is_private = stays_private
        self.heed_privacy()

    def heed_privacy(self) -> None:
        """Keep no tracker and web seed of a private torrent, and tell its writer."""
        if self.is_private:
            self.magnet = private.without_addresses(self.magnet)
            is_held = self.is_held_as_private
            self.notes.add((reasons.HELD_AS_PRIVATE if is_held else reasons.PRIVATE_TRACKERS)())

    def read_magnet(self) -> magnets.Magnet | None:
        """Its link, parsed; None if it can't be: `clean` says why."""
        try:
            return self.magnet
        except RefusedError:
            return None

    def require_unlisted(self, magnet: magnets.Magnet) -> None:
        """ValidationError if that torrent is blocked, or listed by another row."""
        self._require_no_collision(magnet)

    def _require_no_collision(self, magnet: magnets.Magnet) -> None:
        rows = Resource.objects.all()
        collisions = self.collisions or Collisions(rows, (magnet.v1, magnet.v2))
        collisions.require_none(self, magnet)

    def _clean_team(self) -> None:
        # Taken out of its team, a member's work would be out of everybody's sight.
        try:
            maker = self.publisher
        except Token.DoesNotExist:
            return  # the field's own check says so
        if maker.role == Role.TEAM_MEMBER and maker.scope_team_id != self.team_id:
            raise ValidationError({"team": _("What a team member publishes stays in its team.")})

    def _clean_supersedes(self) -> None:
        """No release replaces itself, by whatever way round."""
        rows = Resource.objects.order_by()
        if self.pk is None or rows.filter(pk=self.pk, supersedes=self.supersedes_id).exists():
            return  # nothing replaces a new one yet; and what is stored was looked at
        seen, older = {self.pk}, self.supersedes_id
        while older is not None:
            if older in seen:
                message = _("A release can't replace itself, nor one that came after it.")
                raise ValidationError({"supersedes": message})
            seen.add(older)
            older = rows.filter(pk=older).values_list("supersedes", flat=True).first()

    def _forget_probe(self) -> None:
        """The magnet is another one: what was probed does not hold any more."""
        self.probe_status, self.probe_due_at = ProbeStatus.PENDING, timezone.now()
        self.probe_error, self.probe_attempts, self.probe_claim = NONE, 0, ""
        self.probe_claimed_until = self.probed_at = None
        self.total_size_bytes = self.file_count = self.num_peers = None
        self.files_tree_summary = self.other_hash = self.torrent_name = ""
        self.is_private = self.is_let_through = False
        for name, value in SwarmFigures()._asdict().items():
            setattr(self, name, value)

    # -- storing

    def store(self) -> bool:
        """The one way to save it; True if it now needs a probe.

        Checks everything, keeps the index of tags, and moves the catalog's revision if what is
        public changed. ValidationError has the code `duplicate` or `blocked` where that is why.
        """
        with Catalog.turn():
            old = Resource.objects.select_for_update().filter(pk=self.pk).first()
            self.full_clean()
            self.updated_at = timezone.now()
            if old is None:
                self.insert_checked([self])
            else:
                if cover_requests.is_other(self, old):
                    cover_requests.ask(self)
                    cover_requests.announce([self])
                self.write_over(old)
            self.tell_catalog(old)
        is_new = old is None or not old.names_as(self)
        return is_new and self.probe_status == ProbeStatus.PENDING

    @classmethod
    def insert_checked(cls, rows: Sequence[Resource]) -> None:
        """Write new rows that were checked, with all that goes with them. Within a turn."""
        with_cover = [row for row in rows if row.cover_image_url]
        for row in with_cover:
            cover_requests.ask(row)
        for row in rows:
            row.note_publicity()
        if len(rows) == 1:
            rows[0]._save_unless_twin(None)
        else:
            cls.objects.bulk_create(rows)
        if with_cover:
            cover_requests.announce(with_cover)
        if tagged := [row for row in rows if row.tags]:
            ResourceTag.objects.index(tagged)
        TextHash.objects.index(rows)
        trail.record_all("resource.create", [(row, None, row.audited()) for row in rows])
        events.changed("create", rows)

    def write_over(self, old: Resource) -> None:
        """Write what changed here, and take over what workers wrote meanwhile."""
        names, theirs = list(EDITED_FIELDS), list[str]()
        for group, is_ours in (
            (COVER_FIELDS, cover_requests.is_other(self, old)),
            (PROBE_FIELDS, not old.names_as(self)),
        ):
            (names if is_ours else theirs).extend(group)
        for name in theirs:
            setattr(self, name, getattr(old, name))
        self.heed_privacy()  # a probe may have found it meanwhile
        self.became_public_at = old.became_public_at
        self.note_publicity()
        self._save_unless_twin(names)
        self.tag_index.exclude(slug__in=map(slugs.make, self.tags)).delete()
        ResourceTag.objects.index([self])
        TextHash.objects.follow(old, self)
        self._follow_blocks(old)
        before, after = old.audited(), self.audited()
        trail.record("resource.update", self, before, after)
        if before != after:
            events.changed("update", [self])

    def _follow_blocks(self, old: Resource) -> None:
        """With another magnet, what was taken down stays blocked, whatever becomes of this row: an
        operator may lift that. What it has now is blocked until it is restored."""
        if self.takedown_at and not old.names_as(self):
            Block.objects.keep_for_good(set(old.hashes).difference(self.hashes))
            reason, by = self.takedown_reason, "takedown"
            Block.objects.add(self.hashes, reason=reason, by=by, is_of_takedown=True, of=[self.pk])

    def _save_unless_twin(self, names: list[str] | None) -> None:
        try:
            with transaction.atomic():
                self.save(update_fields=names)
        except IntegrityError:  # somebody was faster since clean()
            self.collisions = None
            self._require_no_collision(self.magnet)
            raise

    def audited(self) -> dict[str, Any]:
        """What people wrote of it, for the audit trail."""
        keys = {name: getattr(self, f"{name}_id", None) for name in KEYS}
        names = (name for name in EDITED_FIELDS if name not in KEYS + _DERIVED)
        return {name: getattr(self, name) for name in names} | keys

    def tell_catalog(
        self, old: Resource | None, *, has_new_cover: bool = False, is_blocked: bool = False
    ) -> None:
        """Move the catalog's revision if the public sees it otherwise than the old one; at once if
        it was found to be blocked."""
        before, now = old.public_state() if old else None, self.public_state()
        if before != now or (now and has_new_cover):
            what = reasons.CHANGED if before else reasons.ADDED
            gone = [self.pk] if before and not now else []
            removed, withdrawn = (gone, []) if is_blocked else ([], gone)
            said = what(name=self.title)
            Catalog.advance(said, [self.pk], removed=removed, withdrawn=withdrawn)

    def discard(self) -> None:
        """Delete it with its metadata; RefusedError while it is public. A block stays."""
        with Catalog.turn():
            row = Resource.objects.select_for_update().get(pk=self.pk)
            if row.is_public:
                raise RefusedError(_("It is public: take it down or withdraw it first."))
            transaction.on_commit(partial(metadata.forget, row.magnet_hash))
            trail.record("resource.delete", row, row.audited(), None)
            events.changed("delete", [row])
            TextHash.objects.leave(row)
            self.delete()

    # -- this one alone

    def alone(self) -> ResourceQuerySet[Resource]:
        """The set that holds it and nothing else, for the verbs of sets."""
        return Resource.objects.filter(pk=self.pk)

    def take_down(self, *, reason: str, by: str) -> None:
        """See `ResourceQuerySet.take_down`; the row is read again."""
        self.alone().take_down(reason=reason, by=by)
        self.refresh_from_db()

    def restore(self) -> None:
        """See `ResourceQuerySet.restore`; the row is read again."""
        self.alone().restore()
        self.refresh_from_db()

    def is_seen_by(self, token: Token) -> bool:
        """Whether it is in the token's scope."""
        return self.alone().in_scope(token).exists()

    def require_sight_by(self, token: Token) -> None:
        """ForbiddenError unless it is in the token's scope."""
        if not self.is_seen_by(token):
            raise ForbiddenError(_("This resource is not yours."))

    def require_change_by(self, token: Token) -> None:
        """ForbiddenError unless it is in the token's scope; taken down, only an Admin's."""
        self.require_sight_by(token)
        if self.takedown_at and not token.is_admin:
            raise ForbiddenError(_("This resource was taken down; only an Admin may change it."))
