"""The tables that the site is made from, as those who render read them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from builds.data import urls
from builds.data.entry import Entry, slug_of
from builds.data.taxonomy import CategoryNode, Taxonomy
from builds.listings import archives
from builds.listings.pagination import Kind, ListingKey
from builds.listings.supersession import Supersession
from builds.models import BuildState, EntryRow, Listing, ListingEntry
from ghost.core.batches import batched

MAX_CACHED_ENTRIES = 4000
"""Entries that stay in memory: those of a few hundred pages."""
MAX_CACHED_ROW_BYTES = 100_000_000
"""Of rows that stay in memory: 200,000 common ones, fewer if their links name many trackers."""
QUERY_IDS = 500


@dataclass
class Reader:
    """Reads listings, entries and list rows as they are asked for, and caches what is shared."""

    state: BuildState
    taxonomy: Taxonomy
    _entries: dict[int, Entry] = field(default_factory=dict)
    _rows: dict[int, bytes] = field(default_factory=dict)
    _row_bytes: int = 0
    _archive_names: dict[tuple[int, int], str] = field(default_factory=dict)

    @classmethod
    def open(cls, state: BuildState) -> Reader:
        """With the taxonomy that this state was synced with."""
        return cls(state, Taxonomy.from_json(state.taxonomy))

    @cached_property
    def listings(self) -> dict[int, Listing]:
        """Every listing by its primary key, ordered by kind and key."""
        return {listing.pk: listing for listing in Listing.objects.order_by("kind", "key")}

    @cached_property
    def listings_by_key(self) -> dict[ListingKey, Listing]:
        """Every listing by kind and key."""
        return {(x.kind, x.key): x for x in self.listings.values()}

    def listings_of_kind(self, kind: str) -> list[Listing]:
        """Those of a kind that have entries, in order of their keys."""
        return [x for x in self.listings.values() if x.kind == kind and x.count]

    def count_of(self, node: CategoryNode) -> int:
        """How many entries stand in a category or below it."""
        listing = self.listings_by_key.get((Kind.CATEGORY, str(node.id)))
        return listing.count if listing else 0

    @cached_property
    def count(self) -> int:
        """How many entries the site has."""
        return self.listings_by_key[Kind.ALL, ""].count

    @cached_property
    def active_count(self) -> int:
        """How many entries somebody seeds."""
        return EntryRow.objects.active().count()

    def entries(self, ids: Sequence[int]) -> list[Entry]:
        """The entries with these ids, in this order."""
        missing = [pk for pk in ids if pk not in self._entries]
        if missing and len(self._entries) > MAX_CACHED_ENTRIES:
            self._entries.clear()
            missing = list(ids)
        for batch in batched(missing, QUERY_IDS):
            rows = EntryRow.objects.filter(pk__in=batch)
            for stored in rows.values_list("entry_json", flat=True):
                entry = Entry.from_json(stored)
                self._entries[entry.id] = entry
        return [self._entries[pk] for pk in ids]

    def ids_on_page(self, listing: Listing, number: int) -> list[int]:
        """Ids of the entries on a page, newest first."""
        rows = ListingEntry.objects.filter(page__listing=listing, page__number=number)
        return list(rows.order_by("-at", "-entry_id").values_list("entry_id", flat=True))

    def pages(self, listing: Listing) -> Iterator[tuple[int, list[int]]]:
        """Number and entry ids of each page of a listing, in one query."""
        rows = ListingEntry.objects.filter(page__listing=listing)
        rows = rows.order_by("page__number", "-at", "-entry_id")
        ids: dict[int, list[int]] = {number: [] for number in listing.numbers}
        for number, pk in rows.values_list("page__number", "entry_id").iterator():
            ids[number].append(pk)
        yield from ids.items()

    def newest(self, listing: Listing, limit: int) -> list[Entry]:
        """The newest entries of a listing, and all that no archive has yet."""
        ids: list[int] = []
        enough, is_open = limit, archives.first_open_page(listing)
        for number in reversed(listing.numbers):
            if number < is_open and len(ids) >= limit:
                break
            ids += self.ids_on_page(listing, number)
            enough = max(limit, len(ids)) if number >= is_open else enough
        return self.entries(ids[:enough])

    def archive_name(self, listing: Listing, number: int) -> str:
        """What an archive of a listing's feed is called in its address; empty for 0, which is none."""
        key = (listing.pk, number)
        if number and key not in self._archive_names:
            pages = archives.pages(listing).get(number, [])
            rows = ListingEntry.objects.filter(page__listing=listing, page__number__in=pages)
            newest = rows.order_by("-page__number", "-at", "-entry_id").values_list("entry_id")[:1]
            self._archive_names[key] = f"{number}-{newest[0][0]}"
        return self._archive_names.get(key, "")

    def endangered(self, limit: int) -> list[Entry]:
        """What needs seeders most: see `EntryRowQuerySet.endangered`."""
        return self.entries(
            list(EntryRow.objects.endangered().values_list("pk", flat=True)[:limit])
        )

    def rows(self, ids: Sequence[int]) -> list[bytes]:
        """These entries as rows of a list, encoded: the same row stands on a dozen pages."""
        missing = self.entries([pk for pk in ids if pk not in self._rows])
        supersession = Supersession.around(missing)
        made = {entry.id: self.cache_row(entry, supersession) for entry in missing}
        return [made[pk] if pk in made else self._rows[pk] for pk in ids]

    def cache_row(self, entry: Entry, supersession: Supersession) -> bytes:
        """The list row of an entry that is in memory already; cached while there is room."""
        plain = self._row(entry)
        if supersession.newer(entry):
            plain["replaced"] = True
        row = json.dumps(plain, sort_keys=True, separators=(",", ":")).encode("ascii")
        if self._row_bytes < MAX_CACHED_ROW_BYTES:
            self._rows[entry.id] = row
            self._row_bytes += len(row)
        return row

    def _row(self, entry: Entry) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "address": urls.resource(entry.id),
            "title": entry.title,
            "category": category_link(self.taxonomy.categories[entry.category]),
            "size": entry.size,
            "files": entry.file_count,
            "health": entry.health,
            "published": entry.public_since,
            "magnet": entry.magnet,
            "tags": tag_links(entry),
        }
        if entry.cover:
            shown["cover"] = urls.thumbnail(entry.id)
        return shown


def category_link(node: CategoryNode) -> dict[str, Any]:
    """Name and address of a category."""
    return {"name": node.name, "address": urls.category(node.path)}


def tag_links(entry: Entry) -> list[dict[str, str]]:
    """Name, as the publisher typed it, and address of each tag."""
    return [{"name": name, "address": urls.tag(slug_of(name))} for name in entry.tags]


def breadcrumbs(node: CategoryNode) -> list[dict[str, str]]:
    """Name and address of each category from the root down to this one."""
    return [{"name": name, "address": urls.category(path)} for name, path in node.trail]
