"""The public catalog as it stands at one moment, read in a few queries.

Resources are streamed; what their lists, feeds and indexes need of each stays as an `Entry`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache

from django.db import connection, transaction

from builds import covers
from builds.models import Cover
from builds.texts import Texts
from resources import sizes, slugs
from resources.models import Catalog, Category, DhtStatus, Resource
from teams.models import Team, Token

FIELDS = (
    "title", "magnet_uri", "magnet_hash", "magnet_hash_v2", "content_markdown",
    "cover_image_path", "tags", "category", "publisher", "team", "dht_status", "dht_misses",
    "last_dht_check", "total_size_bytes", "file_count", "files_tree_summary", "probed_at",
    "published_at", "updated_at",
)  # fmt: skip
CHUNK_ROWS = 500

slug_of = lru_cache(maxsize=10_000)(slugs.make)


@contextmanager
def one_moment() -> Iterator[None]:
    """All reads inside see the database at one moment, and no writer waits for them."""
    if connection.in_atomic_block:
        yield
        return
    mode = getattr(connection, "transaction_mode", None)
    if connection.vendor == "sqlite":
        connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]  # SQLite's own
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    finally:
        if connection.vendor == "sqlite":
            connection.transaction_mode = mode  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Node:
    """A category: slugs and names from the root down to itself."""

    category: Category
    path: str
    depth: int
    trail: tuple[tuple[str, str], ...]
    """(name, path) of each category from the root to this one."""


@dataclass(frozen=True, slots=True)
class Person:
    """A publisher, by the names that the public may know."""

    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What lists, feeds and indexes show of one public resource."""

    id: int
    title: str
    magnet: str
    hash: str
    category_id: int
    publisher_id: int
    team_id: int | None
    tags: tuple[str, ...]
    size_bytes: int | None
    file_count: int | None
    files_summary: str
    dht_status: str
    misses: int
    checked_at: datetime | None
    published_at: datetime
    updated_at: datetime
    summary: str
    cover: Cover | None

    @property
    def size(self) -> str | None:
        """Its size for people."""
        return None if self.size_bytes is None else sizes.human(self.size_bytes)

    @property
    def health(self) -> str:
        """`active`, `stale` or `unknown`."""
        return self.dht_status.lower()


@dataclass
class Shelf:
    """The public catalog. `entries` are there once `resources()` has been walked through."""

    revision: int
    changed_at: datetime
    nodes: dict[int, Node]
    people: dict[int, Person]
    teams: dict[int, Person]
    covers: dict[int, Cover]
    entries: list[Entry] = field(default_factory=list)
    texts: Texts = field(default_factory=Texts)

    @classmethod
    def read(cls) -> Shelf:
        """All but the resources."""
        catalog = Catalog.get()
        return cls(
            revision=catalog.revision,
            changed_at=catalog.changed_at,
            nodes=_nodes(),
            people=_named(Token.objects.order_by("pk").values_list("pk", "display_name")),
            teams=_named(Team.objects.order_by("pk").values_list("pk", "name")),
            covers={row.resource_id: row for row in Cover.objects.made()},
        )

    def resources(self) -> Iterator[tuple[Resource, Entry, str]]:
        """Every public resource with its text as HTML, oldest first; its entry is kept."""
        rows = Resource.objects.public().only("pk", *FIELDS).order_by("published_at", "pk")
        for row in rows.iterator(CHUNK_ROWS):
            text = self.texts.render(row.content_markdown)
            entry = self._entry(row, text.summary)
            self.entries.append(entry)
            yield row, entry, text.html

    def _entry(self, row: Resource, summary: str) -> Entry:
        assert row.published_at is not None  # noqa: S101  # public() asks for it
        return Entry(
            id=row.pk,
            title=row.title,
            magnet=row.magnet_uri,
            hash=row.magnet_hash,
            category_id=row.category_id,
            publisher_id=row.publisher_id,
            team_id=row.team_id,
            tags=tuple(row.tags),
            size_bytes=row.total_size_bytes,
            file_count=row.file_count,
            files_summary=row.files_tree_summary,
            dht_status=row.dht_status,
            misses=row.dht_misses,
            checked_at=row.last_dht_check,
            published_at=row.published_at,
            updated_at=row.updated_at,
            summary=summary,
            cover=self._cover(row),
        )

    def _cover(self, row: Resource) -> Cover | None:
        """Its cover, if the files are there too: a restored database may have come without."""
        cover = self.covers.get(row.pk) if row.cover_image_path else None
        return cover if cover and covers.are_there(row.pk) else None

    # -- groups: each keeps the order of `entries`, oldest first, and is made once, on the first
    # look after all resources were walked through. What stays is eight bytes per entry and group.

    @cached_property
    def by_category(self) -> dict[int, list[Entry]]:
        """Entries of each category, those of its descendants included."""
        found: dict[int, list[Entry]] = {pk: [] for pk in self.nodes}
        ids = {node.path: pk for pk, node in self.nodes.items()}
        for entry in self.entries:
            for _, path in self.nodes[entry.category_id].trail:
                found[ids[path]].append(entry)
        return found

    @cached_property
    def by_tag(self) -> dict[str, list[Entry]]:
        """Entries of each tag's slug, slugs in order."""
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            for slug in dict.fromkeys(map(slug_of, entry.tags)):
                found[slug].append(entry)
        return dict(sorted(found.items()))

    @cached_property
    def tag_names(self) -> dict[str, str]:
        """The spelling that most publishers use of each tag, by its slug."""
        spellings: dict[str, Counter[str]] = defaultdict(Counter)
        for entry in self.entries:
            for name in entry.tags:
                spellings[slug_of(name)][name] += 1
        return {slug: _favourite(names) for slug, names in spellings.items()}

    @cached_property
    def by_publisher(self) -> dict[int, list[Entry]]:
        """Entries of each publisher."""
        return _grouped((entry.publisher_id, entry) for entry in self.entries)

    @cached_property
    def by_team(self) -> dict[int, list[Entry]]:
        """Entries of each team."""
        return _grouped((e.team_id, e) for e in self.entries if e.team_id is not None)

    def endangered(self, limit: int) -> list[Entry]:
        """What needs seeders most: looked up in vain most often, then the oldest."""
        stale = [entry for entry in self.entries if entry.dht_status == DhtStatus.STALE]
        return sorted(stale, key=lambda entry: -entry.misses)[:limit]

    @property
    def generated_at(self) -> datetime:
        """When what is shown last changed: never the clock, so that equal data has equal bytes."""
        moments = [self.changed_at]
        for entry in self.entries:
            moments += [entry.updated_at, entry.published_at, entry.checked_at or self.changed_at]
        return max(moments)


def _favourite(spellings: Counter[str]) -> str:
    return min(spellings, key=lambda name: (-spellings[name], name))


def _grouped(pairs: Iterable[tuple[int, Entry]]) -> dict[int, list[Entry]]:
    found: dict[int, list[Entry]] = defaultdict(list)
    for key, entry in pairs:
        found[key].append(entry)
    return dict(sorted(found.items()))


def _nodes() -> dict[int, Node]:
    nodes: dict[int, Node] = {}
    for place in Category.objects.tree():
        parent = nodes.get(place.category.parent_id or 0)
        trail = (*(parent.trail if parent else ()), (place.category.name, place.path))
        nodes[place.category.pk] = Node(place.category, place.path, place.depth, trail)
    return nodes


def _named(rows: Iterable[tuple[int, str]]) -> dict[int, Person]:
    """Names with slugs of their own: the first of a name has the bare one and keeps it."""
    found: dict[int, Person] = {}
    taken: set[str] = set()
    for pk, name in rows:
        slug = slugs.make(name)
        while slug in taken:
            slug = f"{slug}-{pk}"
        taken.add(slug)
        found[pk] = Person(name, slug)
    return found
