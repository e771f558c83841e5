"""What a resource is: its columns, and what follows from them alone, for one row and in a query."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import MaxLengthValidator, MinLengthValidator, URLValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ghost.core.db.fields import FoldedField, LineField, LinesField, ReasonField
from ghost.core.moments import require_in_range
from ghost.core.text import info_hashes
from ghost.core.text.addresses import require_plain
from resources import sizes
from resources.models.category import Category
from resources.states import DhtStatus, ProbeStatus, SeedsBand, State
from resources.swarms import SwarmFigures
from resources.torrents import magnets, metadata, published_links
from teams.models import Team, Token

PUBLIC_FIELDS = (
    "title", "magnet_uri", "content_markdown", "cover_image_path", "tags", "category_id",
    "publisher_id", "team_id", "dht_status", "seeds_band", "missing_since", "published_at",
    "total_size_bytes", "file_count", "files_tree_summary", "licence", "source_url", "checksums",
    "supersedes_id", "torrent_name", "other_hash", "is_private",
)  # fmt: skip
"""What the public site shows of a row: a change in one of these asks for a build."""


EDITED_FIELDS = (
    "title", "title_folded", "magnet_uri", "magnet_hash", "magnet_hash_v2", "content_markdown", "tags",
    "cover_image_url", "category", "publisher", "team", "published_at", "updated_at",
    "licence", "source_url", "checksums", "supersedes", "awaits_review", "review_note",
    "became_public_at",
)  # fmt: skip
"""What people write; the other fields belong to workers, which may write at the same moment."""
COVER_FIELDS = ("cover_image_path", "cover_error", "cover_due_at", "cover_uploaded_at")
PROBE_FIELDS = (
    "probe_status", "probe_error", "probe_attempts", "probe_due_at", "probe_claim",
    "probe_claimed_until", "probed_at", "total_size_bytes", "file_count", "files_tree_summary",
    "num_peers", "other_hash", *SwarmFigures._fields,
    "is_private", "is_let_through", "torrent_name",
)  # fmt: skip


HASHES = ("magnet_hash", "magnet_hash_v2", "other_hash")


class ResourceFields(models.Model):
    """The columns of a resource. Sets of them are found by `ResourceQuerySet`; how they change stands
    in `Resource`."""

    title = LineField(
        _("title"),
        max_length=300,
        validators=[MinLengthValidator(1)],
        error_messages={"blank": _("A title is required.")},
    )
    title_folded = FoldedField(of="title")
    magnet_uri = models.TextField(
        _("magnet link"), validators=[MaxLengthValidator(magnets.MAX_BYTES)]
    )
    magnet_hash = models.CharField(_("info-hash"), max_length=64, unique=True, editable=False)
    magnet_hash_v2 = models.CharField(
        _("v2 info-hash"), max_length=64, unique=True, null=True, editable=False
    )
    other_hash = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    """The half of a hybrid that its link doesn't name, as a probe found it (BEP 52). Two rows
    never share one, but no constraint could tell the halves of two rows apart."""
    content_markdown = LinesField(_("description"), blank=True, help_text=_("Markdown; no HTML."))
    torrent_name = models.CharField(max_length=255, blank=True, default="", editable=False)
    """The torrent's own name, as a probe or a file told it."""
    cover_image_url = models.CharField(
        _("cover address"),
        max_length=2000,
        validators=[URLValidator(schemes=["http", "https"]), require_plain],
        null=True,
        blank=True,
        help_text=_("Address from which the cover is fetched; never published."),
    )
    cover_image_path = models.CharField(max_length=200, null=True, editable=False)
    cover_error = ReasonField(editable=False)
    cover_due_at = models.DateTimeField(null=True, editable=False)
    cover_uploaded_at = models.DateTimeField(null=True, editable=False)
    """Set while the cover is one that somebody uploaded: it wins over the address."""
    tags = models.JSONField(_("tags"), default=list, blank=True)
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        related_name="resources",
        verbose_name=_("category"),
        error_messages={"invalid": _("There is no such category.")},
    )
    publisher = models.ForeignKey(
        Token, models.PROTECT, related_name="resources", verbose_name=_("publisher")
    )
    team = models.ForeignKey(
        Team,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="resources",
        verbose_name=_("team"),
    )

    dht_status = models.CharField(
        _("health"),
        max_length=8,
        choices=DhtStatus,
        default=DhtStatus.UNKNOWN,
        editable=False,
    )
    dht_misses = models.PositiveIntegerField(
        _("checks without a sign of life"), default=0, editable=False
    )
    dht_changed_at = models.DateTimeField(_("health since"), null=True, editable=False)
    last_dht_check = models.DateTimeField(
        _("last checked"), null=True, editable=False, db_index=True
    )
    seeds = models.PositiveIntegerField(_("seeds"), null=True, editable=False)
    """As the tracker that knows most counted them at the last check; None if none told."""
    peers = models.PositiveIntegerField(_("peers"), null=True, editable=False)
    """Everybody whom the last check saw, in trackers or in the DHT."""
    last_seen_at = models.DateTimeField(_("last seen"), null=True, editable=False)
    first_missed_at = models.DateTimeField(null=True, editable=False)
    """The first of the checks in a row that found nobody, up to now."""
    missing_since = models.DateTimeField(_("missing since"), null=True, editable=False)
    """The same, once there were enough of them to call it Stale."""
    seeds_band = models.CharField(
        _("seeds in bands"),
        max_length=8,
        choices=SeedsBand,
        default=SeedsBand.UNKNOWN,
        editable=False,
    )
    next_band = models.CharField(
        max_length=8, choices=SeedsBand, default=SeedsBand.UNKNOWN, editable=False
    )
    """What the last check said of it: a second one in a row makes it the band."""

    total_size_bytes = models.PositiveBigIntegerField(_("size"), null=True, editable=False)
    file_count = models.PositiveIntegerField(_("files"), null=True, editable=False)
    files_tree_summary = models.TextField(default="", editable=False)
    num_peers = models.PositiveIntegerField(_("peers of the probe"), null=True, editable=False)
    is_private = models.BooleanField(_("private torrent"), default=False, editable=False)
    """Marked so in its info section (BEP 27): held until an operator lets it through."""
    is_let_through = models.BooleanField(default=False, editable=False)
    probed_at = models.DateTimeField(_("metadata fetched"), null=True, editable=False)
    probe_status = models.CharField(
        _("probe"),
        max_length=12,
        choices=ProbeStatus,
        default=ProbeStatus.PENDING,
        editable=False,
    )
    probe_error = ReasonField(_("probe error"), editable=False)
    probe_attempts = models.PositiveSmallIntegerField(_("failed probes"), default=0, editable=False)
    probe_due_at = models.DateTimeField(_("next probe"), null=True, editable=False, db_index=True)
    probe_claim = models.CharField(max_length=32, blank=True, editable=False)
    probe_claimed_until = models.DateTimeField(null=True, editable=False)

    created_at = models.DateTimeField(
        _("created"), default=timezone.now, editable=False, db_index=True
    )
    updated_at = models.DateTimeField(_("updated"), default=timezone.now, editable=False)
    published_at = models.DateTimeField(
        _("published"),
        null=True,
        blank=True,
        default=timezone.now,
        db_index=True,
        validators=[require_in_range],
        help_text=_("When it becomes public; empty for a draft."),
    )
    became_public_at = models.DateTimeField(_("public since"), null=True, editable=False)
    """When readers saw it for the first time, and no edit, withdrawal or takedown changes that again; in
    the time to come while it is scheduled, None while it waits for something else. Lists and feeds
    stand in this order: see docs/decisions/0041."""
    takedown_at = models.DateTimeField(_("taken down"), null=True, editable=False)
    takedown_reason = LinesField(_("reason"), blank=True, editable=False)

    awaits_review = models.BooleanField(_("awaits review"), default=False, editable=False)
    """Written by somebody whose work is reviewed, and nobody has approved it yet."""
    review_note = LinesField(_("review"), blank=True, editable=False)
    """Why it was sent back; for its publisher and operators, never published."""

    licence = models.CharField(
        _("licence"),
        max_length=200,
        blank=True,
        help_text=_("An SPDX expression, such as CC-BY-4.0 or MIT OR Apache-2.0."),
    )
    source_url = models.CharField(
        _("source"),
        max_length=2000,
        blank=True,
        validators=[URLValidator(schemes=["http", "https"]), require_plain],
        help_text=_("Where the work comes from; shown on its page."),
    )
    checksums = models.JSONField(_("checksums"), default=list, blank=True)
    """`[{"algorithm": "sha256", "value": "…hex…", "file": "a/b.iso"}]`; without a file it is that
    of a work of one file."""
    supersedes = models.ForeignKey(
        "resources.Resource",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="successors",
        verbose_name=_("replaces"),
        help_text=_("The older release that this one replaces."),
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

    @property
    def magnet(self) -> magnets.Magnet:
        """What the magnet link says, parsed once for each link."""
        if self._parsed is None or self._parsed[0] != self.magnet_uri:
            self._parsed = self.magnet_uri, magnets.parse(self.magnet_uri)
        return self._parsed[1]

    @magnet.setter
    def magnet(self, magnet: magnets.Magnet) -> None:
        """The link in its one spelling."""
        self.magnet_uri = magnet.uri()
        self._parsed = self.magnet_uri, magnet

    _parsed: tuple[str, magnets.Magnet] | None = None

    @property
    def published_magnet_uri(self) -> str:
        """The magnet link that the public is shown of it, everywhere the same."""
        known = published_links.Known(
            title=self.title,
            torrent_name=self.torrent_name,
            other_hash=self.other_hash,
            total_size_bytes=self.total_size_bytes,
            is_private=self.is_private,
        )
        return published_links.compose(self.magnet_uri, known)

    @property
    def mentions(self) -> frozenset[str]:
        """Info-hashes that its description names, searched once for each text."""
        if self._searched is None or self._searched[0] != self.content_markdown:
            found = frozenset(info_hashes.named(self.content_markdown))
            self._searched = self.content_markdown, found
        return self._searched[1]

    _searched: tuple[str, frozenset[str]] | None = None

    @property
    def hashes(self) -> list[str]:
        """Its info-hashes, v1 and v2, those that its link names and what a probe found."""
        known = (self.magnet_hash, self.magnet_hash_v2, self.other_hash)
        return list(dict.fromkeys(h for h in known if h))

    def names_as(self, other: ResourceFields) -> bool:
        """Whether both links name the same hashes; what probes found doesn't count."""
        mine = (self.magnet_hash, self.magnet_hash_v2)
        return mine == (other.magnet_hash, other.magnet_hash_v2)

    @property
    def total_size_human(self) -> str | None:
        """Its size for people, once it is known."""
        return None if self.total_size_bytes is None else sizes.human(self.total_size_bytes)

    @property
    def publisher_token_hash(self) -> str:
        """The publisher's hash, as the API names it."""
        return self.publisher.token_hash

    @property
    def public_url(self) -> str | None:
        """Where the public site shows it, if it is public and the settings say where that is."""
        site = settings.GHOST.site_address if self.is_public else ""
        return f"{site}resources/{self.pk}/" if site else None

    @property
    def probed_metadata(self) -> metadata.Metadata | None:
        """What its last successful probe found."""
        return metadata.load(self.magnet_hash) if self.probed_at else None

    @property
    def files_tree(self) -> list[metadata.Node] | None:
        """Its files as folders, once they are known."""
        probed = self.probed_metadata
        return probed.files_tree if probed else None

    @property
    def state(self) -> State:
        """Where it stands on its way to the public (`state_is` in a query)."""
        if self.takedown_at:
            return State.TAKEN_DOWN
        if self.published_at is None:
            return State.DRAFT
        if self.awaits_review:
            return State.REVIEW
        if self.published_at > timezone.now():
            return State.SCHEDULED
        return State.LIVE if self.is_public else State.HELD

    @property
    def is_public(self) -> bool:
        """Whether the public site shows it now (`state_is(State.LIVE)` in a query)."""
        is_due = self.published_at is not None and self.published_at <= timezone.now()
        return self.takedown_at is None and not self.awaits_review and is_due and self.is_cleared

    @property
    def is_probed(self) -> bool:
        """Whether a probe found its metadata, or an operator let it off."""
        return self.probed_at is not None or self.probe_status == ProbeStatus.SKIPPED

    @property
    def is_held_as_private(self) -> bool:
        """Whether its torrent is private, and no operator has let it through."""
        return self.is_private and not self.is_let_through

    @property
    def is_cleared(self) -> bool:
        """Whether nothing that was found of its torrent keeps it from the public."""
        return self.is_probed and not self.is_held_as_private

    def note_publicity(self) -> None:
        """Set `became_public_at` to when it is public for the first time as things stand now
        (`first_public_at` in a query)."""
        now = timezone.now()
        if self.became_public_at and self.became_public_at <= now:
            return
        is_cleared = self.state in (State.LIVE, State.SCHEDULED) and self.is_cleared
        self.became_public_at = max(self.published_at or now, now) if is_cleared else None

    def public_state(self) -> dict[str, Any] | None:
        """What the public site shows of it, or None if nothing."""
        return {f: getattr(self, f) for f in PUBLIC_FIELDS} if self.is_public else None


def state_is(state: State, prefix: str = "") -> models.Q:
    """The condition of that state now (`ResourceFields.state` of one row); `prefix` as of
    `list_index.LISTED`."""

    def where(**lookups: object) -> models.Q:
        return models.Q(**{f"{prefix}{name}": value for name, value in lookups.items()})

    now, standing, cleared = timezone.now(), where(takedown_at=None), _is_cleared(prefix)
    match state:
        case State.TAKEN_DOWN:
            return ~standing
        case State.DRAFT:
            return standing & where(published_at=None)
        case State.REVIEW:
            return standing & where(published_at__isnull=False, awaits_review=True)
    approved = standing & where(awaits_review=False)
    match state:
        case State.SCHEDULED:
            return approved & where(published_at__gt=now)
        case State.HELD:
            return approved & where(published_at__lte=now) & ~cleared
    return approved & where(published_at__lte=now) & cleared


def first_public_at() -> models.Case:
    """The value of `became_public_at` of rows that were not public so far, as they stand now
    (`ResourceFields.note_publicity` of one row)."""
    now = timezone.now()
    is_later = state_is(State.SCHEDULED) & _is_cleared()
    return models.Case(
        models.When(state_is(State.LIVE), then=models.Value(now)),
        models.When(is_later, then=models.F("published_at")),
        output_field=models.DateTimeField(null=True),
    )


def _is_cleared(prefix: str = "") -> models.Q:
    def where(**lookups: object) -> models.Q:
        return models.Q(**{f"{prefix}{name}": value for name, value in lookups.items()})

    is_probed = where(probed_at__isnull=False) | where(probe_status=ProbeStatus.SKIPPED)
    return is_probed & (where(is_private=False) | where(is_let_through=True))
