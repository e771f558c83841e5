"""The tables that the site is made from, as those who render read them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from builds.data import urls
from builds.data.entry import Facts, slug_of
from builds.data.taxonomy import Names, Node
from builds.listings.pagination import Key, Kind
from builds.listings.supersession import Succession
from builds.models import BuildState, Entry, Listing

MOST_KEPT = 4000
"""Entries whose facts stay in memory: those of a few hundred pages."""
MOST_ROW_BYTES = 100_000_000
"""Of rows that stay in memory: 200,000 common ones, fewer if their links name many trackers."""


@dataclass
class Shelf:
    """What is there, read as it is asked for."""

    state: BuildState
    names: Names
    _facts: dict[int, Facts] = field(default_factory=dict)
    _rows: dict[int, bytes] = field(default_factory=dict)
    _bytes: int = 0

    @classmethod
    def open(cls, state: BuildState) -> Shelf:
        """As it stands."""
        return cls(state, Names.of(state.names))

    @cached_property
    def listings(self) -> dict[int, Listing]:
        """All of them, by key."""
        return {listing.pk: listing for listing in Listing.objects.order_by("kind", "key")}

    @cached_property
    def by_key(self) -> dict[Key, Listing]:
        """All of them, by kind and key."""
        return {(x.kind, x.key): x for x in self.listings.values()}

    def of_kind(self, kind: str) -> list[Listing]:
        """Those of a kind that have entries, in order of their keys."""
        return [x for x in self.listings.values() if x.kind == kind and x.count]

    def count_of(self, node: Node) -> int:
        """How many entries stand in a category or below it."""
        listing = self.by_key.get((Kind.CATEGORY, str(node.id)))
        return listing.count if listing else 0

    @cached_property
    def count(self) -> int:
        """How many entries there are."""
        return self.by_key[Kind.ALL, ""].count

    @cached_property
    def active(self) -> int:
        """How many of them somebody seeds."""
        return Entry.objects.active().count()

    def facts(self, ids: Sequence[int]) -> list[Facts]:
        """Those of these entries, in this order."""
        missing = [pk for pk in ids if pk not in self._facts]
        if missing and len(self._facts) > MOST_KEPT:
            self._facts.clear()
            missing = list(ids)
        for start in range(0, len(missing), 500):
            rows = Entry.objects.filter(pk__in=missing[start : start + 500])
            for stored in rows.values_list("facts_json", flat=True):
                known = Facts.read(stored)
                self._facts[known.id] = known
        return [self._facts[pk] for pk in ids]

    def on_page(self, listing: Listing, number: int) -> list[int]:
        """Keys of the entries on a page, newest first."""
        rows = listing.places.filter(page=number).order_by("-at", "-entry_id")
        return list(rows.values_list("entry_id", flat=True))

    def pages(self, listing: Listing) -> Iterator[tuple[int, list[int]]]:
        """Number and keys of each page of a listing, in one query."""
        rows = listing.places.order_by("page", "-at", "-entry_id")
        found: dict[int, list[int]] = {number: [] for number in listing.numbers}
        for number, pk in rows.values_list("page", "entry_id").iterator():
            found[number].append(pk)
        yield from found.items()

    def newest(self, listing: Listing, limit: int) -> list[Facts]:
        """The newest entries of a listing."""
        ids: list[int] = []
        for number in reversed(listing.numbers):
            ids += self.on_page(listing, number)
            if len(ids) >= limit:
                break
        return self.facts(ids[:limit])

    def endangered(self, limit: int) -> list[Facts]:
        """What needs seeders most."""
        return self.facts(list(Entry.objects.endangered().values_list("pk", flat=True)[:limit]))

    def rows(self, ids: Sequence[int]) -> list[bytes]:
        """These entries as rows of a list, encoded: the same row stands on a dozen pages."""
        missing = [pk for pk in ids if pk not in self._rows]
        found = self.facts(missing)
        near = Succession.of(found)
        made = {known.id: self.keep_row(known, near) for known in found}
        return [made[pk] if pk in made else self._rows[pk] for pk in ids]

    def keep_row(self, known: Facts, near: Succession) -> bytes:
        """The row of an entry that is in the hand already; kept while there is room."""
        plain = self._row(known)
        if near.newer(known):
            plain["replaced"] = True
        row = json.dumps(plain, sort_keys=True, separators=(",", ":")).encode("ascii")
        if self._bytes < MOST_ROW_BYTES:
            self._rows[known.id] = row
            self._bytes += len(row)
        return row

    def _row(self, known: Facts) -> dict[str, Any]:
        node = self.names.nodes[known.category]
        shown: dict[str, Any] = {
            "address": urls.resource(known.id),
            "title": known.title,
            "category": category(node),
            "size": known.size,
            "files": known.file_count,
            "health": known.health,
            "published": known.published_on,
            "magnet": known.magnet,
            "tags": tags(known),
        }
        if known.cover:
            shown["cover"] = urls.thumbnail(known.id)
        return shown


def category(node: Node) -> dict[str, Any]:
    """Name and address of a category."""
    return {"name": node.name, "address": urls.category(node.path)}


def tags(known: Facts) -> list[dict[str, str]]:
    """Name, as the publisher typed it, and address of each tag."""
    return [{"name": name, "address": urls.tag(slug_of(name))} for name in known.tags]


def crumbs(node: Node) -> list[dict[str, str]]:
    """The way from the root to a category."""
    return [{"name": name, "address": urls.category(path)} for name, path in node.trail]
