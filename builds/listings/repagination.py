"""All places at once, from the entries alone: the first time, and when most of them changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

from builds.data.entry import Facts
from builds.data.taxonomy import Names
from builds.listings.pagination import Key, Kind, at_of, keys_of, rows_of
from builds.models import Entry, Listing, Place
from builds.models.site import insert

BATCH = 2000
AT_ONCE = 20_000
"""Places that one transaction writes, or those of one listing: other writers wait for it."""
COLUMNS = ("listing_id", "entry_id", "at", "page")
Writing = Callable[[], AbstractContextManager[None]]
"""A transaction that only the builder can have that holds the claim."""


def place_all(names: Names, writing: Writing) -> None:
    """Number the pages of all listings anew, from the entries alone, each in a transaction."""
    with writing():
        Place.objects.all().delete()
        Listing.objects.all().delete()
    found: dict[Key, list[tuple[int, int]]] = {(Kind.ALL, ""): []}
    found |= {(Kind.CATEGORY, str(pk)): [] for pk in names.nodes}
    spellings: dict[str, dict[str, int]] = {}
    for _, stored in Entry.objects.in_parts("facts_json", rows=BATCH):
        facts = Facts.read(stored)
        at = (at_of(facts), facts.id)
        for key in keys_of(facts, names):
            found.setdefault(key, []).append(at)
        for slug, name in facts.tag_slugs.items():
            counts = spellings.setdefault(slug, {})
            counts[name] = counts.get(name, 0) + 1
    _store(found, spellings, writing)


def _store(
    found: Mapping[Key, list[tuple[int, int]]],
    spellings: Mapping[str, dict[str, int]],
    writing: Writing,
) -> None:
    listings = [
        Listing(
            kind=kind, key=key, count=len(entries),
            last=max(1, len(entries) // rows_of(kind)),
            spellings=spellings.get(key, {}) if kind == Kind.TAG else {},
        )
        for (kind, key), entries in found.items()
    ]  # fmt: skip
    with writing():
        Listing.objects.bulk_create(listings, batch_size=500)
    ids = {(listing.kind, listing.key): listing for listing in listings}
    rows: list[tuple[int, int, int, int]] = []
    for key, entries in found.items():
        rows += _paged(ids[key], sorted(entries))
        if len(rows) >= AT_ONCE:
            _insert(rows, writing)
            rows = []
    _insert(rows, writing)


def _insert(rows: Sequence[tuple[int, int, int, int]], writing: Writing) -> None:
    with writing():
        insert(Place, COLUMNS, rows)


def _paged(
    listing: Listing, entries: Iterable[tuple[int, int]]
) -> Iterator[tuple[int, int, int, int]]:
    rows = rows_of(listing.kind)
    for number, (at, pk) in enumerate(entries):
        yield listing.pk, pk, at, min(number // rows + 1, listing.last)
