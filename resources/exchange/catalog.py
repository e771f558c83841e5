"""The catalog's rows as records, in an order in which each finds what it refers to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from django.db import models

from ghost.core.batches import batched
from ghost.core.errors import RefusedError
from resources.exchange import records
from resources.exchange.records import Header, Record
from resources.models import Block, Category, DhtStatus, ProbeStatus, Resource
from resources.models.category import Place
from resources.models.category_paths import CategoryPaths
from resources.states import SeedsBand, State
from resources.torrents import metadata
from teams.models import Team, Token
from teams.roles import Role
from teams.token_schemes import Scheme

BATCH = 300
_NAMED = ("publisher", "team", "supersedes")
SAME = (
    "id", "title", "magnet_uri", "content_markdown", "tags", "licence", "source_url", "checksums",
    "cover_image_url", "created_at", "updated_at", "published_at", "became_public_at",
    "takedown_at",
    "takedown_reason", "awaits_review", "review_note", "dht_misses", "dht_changed_at",
    "last_dht_check", "seeds", "peers", "last_seen_at", "first_missed_at", "missing_since",
    "probe_attempts", "probed_at", "num_peers", "other_hash",
    "total_size_bytes", "file_count", "files_tree_summary", "is_private", "is_let_through", "torrent_name",
)  # fmt: skip
"""Fields that a row and its record have under one name, and as one value."""


@dataclass(frozen=True)
class Selection:
    """Which resources go out, and how their publishers are named.

    With a state or a category (its path of slugs; those below it count) only the publishers,
    teams and categories go with them that they refer to, and no blocklist.
    """

    state: State | None = None
    category: str = ""
    with_tokens: bool = True

    @property
    def is_all(self) -> bool:
        """Whether neither a state nor a category narrows it."""
        return self.state is None and not self.category


@dataclass
class Export:
    """A catalog about to be written: read it within `ghost.core.db.snapshot.one_moment`."""

    selection: Selection
    _publishers: dict[int, int] = field(default_factory=dict)
    paths: dict[int, str] = field(default_factory=dict)
    """Of all categories, by key."""
    exact_paths: dict[int, str] = field(default_factory=dict)
    """The same, with `/` before one that could be taken for another category's names."""

    def __post_init__(self) -> None:
        places = Category.objects.tree()
        self._resources = _selected(self.selection, places)
        self.paths = {place.category.pk: place.path for place in places}
        found = CategoryPaths(places)
        self.exact_paths = {place.category.pk: found.exact(place) for place in places}
        self._places = places if self.selection.is_all else self._used(places)
        self._teams = self._used_teams()
        self._tokens = self._used_tokens()
        self._blocks = Block.objects.order_by("info_hash")
        if not self.selection.is_all:
            self._blocks = self._blocks.none()

    def header(self) -> Header:
        """The first line: what comes."""
        counts = {
            "publisher": self._tokens.count(),
            "team": self._teams.count(),
            "category": len(self._places),
            "block": self._blocks.count(),
            "resource": self._resources.count(),
        }
        return Header(version=records.VERSION, counts=counts)

    def everything(self) -> Iterator[Record]:
        """Everything, a few hundred resources in memory at a time."""
        number = count(1)
        yield from self._of_tokens(self._tokens.exclude(role=Role.TEAM_MEMBER), number)
        yield from map(self._team, self._teams.order_by("pk"))
        yield from self._of_tokens(self._tokens.filter(role=Role.TEAM_MEMBER), number)
        for place in sorted(self._places, key=lambda place: (place.depth, place.category.pk)):
            yield self._category(place)
        yield from map(_block, self._blocks.filter(is_of_takedown=True))
        yield from (self._resource(row) for row in self.rows())
        yield from map(_block, self._blocks.filter(is_of_takedown=False))

    def rows(self) -> Iterator[Resource]:
        """The rows of the resources; what one replaces comes before it."""
        keys = list(self._resources.order_by("pk").values_list("pk", flat=True))
        replacing = self._resources.filter(supersedes__isnull=False)
        older = {pk: old or 0 for pk, old in replacing.values_list("pk", "supersedes")}
        for part in batched(_oldest_first(keys, older), BATCH):
            rows = Resource.objects.select_related(*_NAMED).in_bulk(part)
            yield from (rows[pk] for pk in part)

    def uploaded_covers(self) -> int:
        """How many covers do not go out: somebody uploaded them, and they are files."""
        return self._resources.filter(cover_uploaded_at__isnull=False).count()

    # -- what of the rest goes with them

    def _used(self, places: list[Place]) -> list[Place]:
        used = set(self._resources.values_list("category", flat=True).distinct().order_by())
        paths = {self.paths[pk] for pk in used}
        return [place for place in places if any(_is_at_or_above(place.path, p) for p in paths)]

    def _used_teams(self) -> models.QuerySet[Team]:
        if self.selection.is_all:
            return Team.objects.all()
        return Team.objects.filter(
            models.Q(pk__in=self._resources.order_by().values("team"))
            | models.Q(members__in=self._resources.order_by().values("publisher"))
        ).distinct()

    def _used_tokens(self) -> models.QuerySet[Token]:
        if self.selection.is_all:
            return Token.objects.order_by("pk")
        owners = self._teams.order_by().values("owner")
        publishers = self._resources.order_by().values("publisher")
        wanted = models.Q(pk__in=publishers) | models.Q(pk__in=owners)
        return Token.objects.filter(wanted).order_by("pk")

    # -- one row

    def _of_tokens(
        self, rows: models.QuerySet[Token], number: Iterator[int]
    ) -> Iterator[records.PublisherRecord]:
        for row in rows.iterator():
            ref = self._publishers[row.pk] = next(number)
            yield self._publisher(row, ref)

    def _publisher(self, row: Token, ref: int) -> records.PublisherRecord:
        found = records.PublisherRecord(
            ref=ref, role=Role(row.role), name=row.display_name, team=row.scope_team_id
        )
        if not self.selection.with_tokens:
            return found
        return found.model_copy(
            update={
                "token_hash": row.token_hash,
                "scheme": Scheme(row.scheme),
                "old_hash": row.old_hash,
                "old_hash_until": row.old_hash_until,
                "prefix": row.prefix,
                "note": row.note,
                "needs_review": row.needs_review,
                "is_read_only": row.is_read_only,
                "created_at": row.created_at,
                "expires_at": row.expires_at,
                "revoked_at": row.revoked_at,
                "last_used_at": row.last_used_at,
            }
        )

    def _team(self, row: Team) -> records.TeamRecord:
        owner = self._publishers[row.owner_id]
        return records.TeamRecord(id=row.pk, name=row.name, owner=owner, created_at=row.created_at)

    def _category(self, place: Place) -> records.CategoryRecord:
        row = place.category
        return records.CategoryRecord(
            id=row.pk,
            path=place.path,
            name=row.name,
            sort_order=row.sort_order,
            torznab_id=row.torznab_id,
            created_by=self._publishers.get(row.created_by_id or 0),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    def _resource(self, row: Resource) -> records.ResourceRecord:
        # Not validated: the rows' `clean` did it, and it would take as long as all the rest.
        return records.ResourceRecord.model_construct(
            **{name: getattr(row, name) for name in SAME},
            category=self.paths[row.category_id],
            publisher=self._publishers.get(row.publisher_id),
            team=row.team_id,
            supersedes=row.supersedes.magnet_hash if row.supersedes else None,
            dht_status=DhtStatus(row.dht_status),
            seeds_band=SeedsBand(row.seeds_band),
            next_band=SeedsBand(row.next_band),
            probe_status=ProbeStatus(row.probe_status),
            probe_error=row.probe_error.stored(),
            metadata=metadata.load(row.magnet_hash) if row.probed_at else None,
        )


def _block(row: Block) -> records.BlockRecord:
    return records.BlockRecord(
        info_hash=row.info_hash,
        reason=row.reason,
        created_at=row.created_at,
        created_by=row.created_by,
        is_of_takedown=row.is_of_takedown,
    )


def _selected(selection: Selection, places: list[Place]) -> models.QuerySet[Resource]:
    rows = Resource.objects.all()
    if selection.state is not None:
        rows = rows.in_state(selection.state)
    if not selection.category:
        return rows
    below = [p.category.pk for p in places if _is_at_or_above(selection.category, p.path)]
    if not below:
        raise RefusedError(f"There is no category “{selection.category}”: give its path of slugs.")
    return rows.filter(category__in=below)


def _is_at_or_above(path: str, other: str) -> bool:
    return other == path or other.startswith(path + "/")


def _oldest_first(keys: list[int], older: Mapping[int, int]) -> Iterator[int]:
    """The keys in their order, but each after the one that it replaces."""
    wanted, seen = set(keys), set[int]()
    for key in keys:
        chain, at = list[int](), key
        while at in wanted and at not in seen:
            seen.add(at)
            chain.append(at)
            at = older.get(at, 0)
        yield from reversed(chain)
