"""A record of a file as a row: what people wrote, what workers found, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils import timezone

from ghost.core.errors import RefusedError
from resources.exchange import records
from resources.exchange.importing.accounts import People
from resources.exchange.report import Line
from resources.models import DhtStatus, ProbeStatus, Resource
from resources.states import SeedsBand
from resources.torrents import metadata, sanitize
from resources.torrents.magnets import Magnet
from teams.models import Team, Token

OF_PEOPLE = (
    "title", "content_markdown", "tags", "licence", "source_url", "checksums", "cover_image_url",
    "published_at", "awaits_review", "review_note",
)  # fmt: skip
OF_WORKERS = (
    "created_at", "updated_at", "takedown_at", "takedown_reason", "dht_status", "dht_misses",
    "dht_changed_at", "last_dht_check", "seeds", "peers", "last_seen_at", "first_missed_at",
    "missing_since", "seeds_band", "next_band", "probe_status", "probe_error", "probe_attempts",
    "probed_at", "num_peers", "other_hash", "total_size_bytes", "file_count",
    "files_tree_summary", "became_public_at", "is_private", "is_let_through", "torrent_name",
)  # fmt: skip
LINKS = ("category", "publisher", "team")
UNCHECKED = (*LINKS, "supersedes")
"""Found as rows; to look whether they are there would be a query each."""
ADVICE = {
    "blocked": "Lift the block first, if it may come back.",
    "taken_down": "Restore it first, if it may come back.",
    "publisher": "Give --publisher NAME.",
    "category": "Give --category PATH.",
}


@dataclass(frozen=True)
class Defaults:
    """What a record gets that doesn't say."""

    category: str = ""
    publisher: str = ""
    makes_categories: bool = False
    """Categories that are not there are made, instead of refusing what is in them."""
    are_drafts: bool = False
    """What doesn't say when it is public is a draft, instead of public at once."""


@dataclass(frozen=True)
class Arrival:
    """A record with its magnet, parsed."""

    line: Line
    record: records.ResourceRecord
    magnet: Magnet

    @property
    def hashes(self) -> list[str]:
        """Those of its magnet, and its other half's."""
        return [h for h in (self.magnet.v1, self.magnet.v2, self.record.other_hash) if h]


class AdvisedError(RefusedError):
    """A refusal with its advice."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.advice = advice


class RecordRows:
    """Rows of the records of one import."""

    def __init__(self, people: People, defaults: Defaults) -> None:
        self._people = people
        self._defaults = defaults

    def row(self, arrival: Arrival) -> Resource:
        """A new one, checked; RefusedError or ValidationError if it can't be."""
        record, given = arrival.record, arrival.record.model_fields_set
        row = Resource(
            # With its hashes set, `clean` does not look for twins and blocks one by one.
            magnet_uri=arrival.magnet.uri(),
            magnet_hash=arrival.magnet.hash,
            magnet_hash_v2=arrival.magnet.v2,
            **{name: getattr(record, name) for name in (*OF_PEOPLE, *OF_WORKERS) if name in given},
            **self.links(record),
        )
        if row.dht_status == DhtStatus.STALE and "seeds_band" not in given:
            _call_gone(row)
        if self._defaults.are_drafts and "published_at" not in given:
            row.published_at = None
        for name in ("created_at", "updated_at"):
            if getattr(row, name) is None:
                setattr(row, name, timezone.now())
        self._describe(row, record.metadata, arrival.magnet)
        row.notes.add(*arrival.magnet.notes)
        check(row)
        _date(row)
        return row

    def _describe(self, row: Resource, found: metadata.Metadata | None, magnet: Magnet) -> None:
        """Its size and files, or when to ask for them; and when to fetch its cover."""
        now = timezone.now()
        if found is not None:
            _require_of(found, magnet)
            row.total_size_bytes, row.file_count = found.total_size_bytes, found.file_count
            row.files_tree_summary = found.files_tree_summary
            row.torrent_name = found.link_name
            row.is_private |= found.is_private
        elif row.takedown_at is None and not row.other_hash:
            row.probe_due_at = None if row.probe_status == ProbeStatus.SKIPPED else now
        row.cover_due_at = now if row.cover_image_url and row.takedown_at is None else None

    def links(self, record: records.ResourceRecord) -> dict[str, models.Model | None]:
        """Publisher, team and category of a record."""
        publisher = self._publisher(record.publisher)
        path = record.category or self._defaults.category
        if not path:
            raise AdvisedError("It names no category.", ADVICE["category"])
        makes = self._defaults.makes_categories
        return {
            "publisher": publisher,
            "team": self._team(record.team, publisher),
            "category": self._people.make(path) if makes else self._people.at(path),
        }

    def _publisher(self, named: int | str | None) -> Token:
        if isinstance(named, int) and named in self._people.by_ref:
            return self._people.by_ref[named]
        name = named if isinstance(named, str) and named else self._defaults.publisher
        if not name:
            why = "Its publisher is not in." if named else "It names no publisher."
            raise AdvisedError(why, ADVICE["publisher"])
        return self._people.named(name)

    def _team(self, named: int | str | None, publisher: Token) -> Team | None:
        if isinstance(named, int):
            if named not in self._people.teams:
                raise RefusedError("Its team is not in: see the report for why.")
            return self._people.teams[named]
        return self._people.team_named(named, publisher) if named else publisher.scope_team


def _require_of(found: metadata.Metadata, magnet: Magnet) -> None:
    """RefusedError if the metadata is another torrent's."""
    is_of = found.magnet_hash == magnet.hash
    if not is_of or (found.info and not sanitize.is_of(magnet, found.info)):
        raise RefusedError("Its metadata is that of another torrent.")


def check(row: Resource) -> None:
    """The row's check, but for what was asked for all rows together."""
    row.full_clean(exclude=UNCHECKED, validate_unique=False, validate_constraints=False)


def _call_gone(row: Resource) -> None:
    """An earlier Ghost knew no bands: who was Stale has none who seed, and is missing since the last time that it
    tells of."""
    row.seeds_band = row.next_band = SeedsBand.NONE
    row.missing_since = row.missing_since or row.dht_changed_at or row.last_dht_check
    row.first_missed_at = row.first_missed_at or row.missing_since


def _date(row: Resource) -> None:
    """What was public where it comes from, taken down or not, keeps its place among what was: by the
    time that its record tells, or else by its `published_at`."""
    is_due = row.published_at is not None and row.published_at <= timezone.now()
    if row.became_public_at is None and is_due and row.is_cleared and not row.awaits_review:
        row.became_public_at = row.published_at
    row.note_publicity()
