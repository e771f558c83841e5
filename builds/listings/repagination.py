"""All listings paged anew from the entries alone: the first time, and when most entries changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from builds.data.entry import Entry
from builds.data.taxonomy import Taxonomy
from builds.listings.pagination import (
    Kind,
    ListingKey,
    listing_keys,
    microseconds_of,
    page_size,
)
from builds.models import EntryRow, Listing, ListingEntry
from builds.models.site import insert
from builds.run import Progress

BATCH = 2000
MAX_TRANSACTION_ROWS = 20_000
"""Rows that one transaction writes, or those of one listing: other writers wait for it."""
COLUMNS = ("listing_id", "entry_id", "at", "page")
Spellings = dict[str, dict[str, int]]
"""By a tag's slug: how many entries spell it how."""


def repaginate(taxonomy: Taxonomy, progress: Progress) -> None:
    """Number the pages of all listings anew, in several transactions of `progress`."""
    with progress.writing():
        ListingEntry.objects.all().delete()
        Listing.objects.all().delete()
    members, spellings = _members(taxonomy)
    _store(members, spellings, progress)


def _members(taxonomy: Taxonomy) -> tuple[dict[ListingKey, list[tuple[int, int]]], Spellings]:
    """Time and id of the entries of each listing."""
    members: dict[ListingKey, list[tuple[int, int]]] = {(Kind.ALL, ""): []}
    members |= {(Kind.CATEGORY, str(pk)): [] for pk in taxonomy.categories}
    spellings: Spellings = {}
    for _, stored in EntryRow.objects.in_parts("entry_json", rows=BATCH):
        entry = Entry.from_json(stored)
        member = (microseconds_of(entry), entry.id)
        for key in listing_keys(entry, taxonomy):
            members.setdefault(key, []).append(member)
        for slug, name in entry.tag_slugs.items():
            counts = spellings.setdefault(slug, {})
            counts[name] = counts.get(name, 0) + 1
    return members, spellings


def _store(
    members: Mapping[ListingKey, list[tuple[int, int]]],
    spellings: Mapping[str, dict[str, int]],
    progress: Progress,
) -> None:
    listings = [
        Listing(
            kind=kind, key=key, count=len(entries),
            last=max(1, len(entries) // page_size(kind)),
            spellings=spellings.get(key, {}) if kind == Kind.TAG else {},
        )
        for (kind, key), entries in members.items()
    ]  # fmt: skip
    with progress.writing():
        Listing.objects.bulk_create(listings, batch_size=500)
    rows: list[tuple[int, int, int, int]] = []
    for listing in listings:
        rows += _paged(listing, sorted(members[listing.kind, listing.key]))
        if len(rows) >= MAX_TRANSACTION_ROWS:
            _insert(rows, progress)
            rows = []
    _insert(rows, progress)


def _insert(rows: Sequence[tuple[int, int, int, int]], progress: Progress) -> None:
    with progress.writing():
        insert(ListingEntry, COLUMNS, rows)


def _paged(
    listing: Listing, entries: Iterable[tuple[int, int]]
) -> Iterator[tuple[int, int, int, int]]:
    size = page_size(listing.kind)
    for number, (at, pk) in enumerate(entries):
        yield listing.pk, pk, at, min(number // size + 1, listing.last)
