"""All listings paged anew from the entries alone: the first time, and when most entries changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from django.db.models import Model

from builds.data.entry import Entry
from builds.data.taxonomy import Taxonomy
from builds.listings.page_rows import COLUMNS
from builds.listings.page_table import Place
from builds.listings.pagination import (
    Kind,
    ListingKey,
    listing_keys,
    microseconds_of,
    page_size,
)
from builds.models import EntryRow, Listing, ListingEntry, ListingPage
from builds.models.bulk import insert
from builds.run import Progress

BATCH = 2000
FIRST_PART_ROWS = 5000
"""That one transaction writes at first; the next ones by how long that took."""
Spellings = dict[str, dict[str, int]]
"""By a tag's slug: how many entries spell it how."""


def repaginate(taxonomy: Taxonomy, progress: Progress) -> None:
    """Number the pages of all listings anew, in several transactions of `progress`. Until the last
    of them nobody may take what is there for whole."""
    for model in (ListingEntry, ListingPage, Listing):
        _clear(model, progress)
    members, spellings = _members(taxonomy)
    _store(members, spellings, progress)


def _clear(model: type[Model], progress: Progress) -> None:
    """Drop all rows: a part at a time, since others wait meanwhile."""
    keys = list(model._default_manager.order_by("pk").values_list("pk", flat=True))
    for part in progress.in_parts(keys, FIRST_PART_ROWS):
        with progress.writing():
            model._default_manager.filter(pk__gte=part[0], pk__lte=part[-1]).delete()


def _members(taxonomy: Taxonomy) -> tuple[dict[ListingKey, list[Place]], Spellings]:
    """Time and id of the entries of each listing."""
    members: dict[ListingKey, list[Place]] = {(Kind.ALL, ""): []}
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
    members: Mapping[ListingKey, list[Place]],
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
    for part in progress.in_parts(listings, FIRST_PART_ROWS):
        with progress.writing():
            Listing.objects.bulk_create(part, batch_size=500)
    paged = [pair for x in listings for pair in _paged(x, sorted(members[x.kind, x.key]))]
    for pages in progress.in_parts(paged, FIRST_PART_ROWS, lambda page: len(page[1])):
        with progress.writing():
            ListingPage.objects.bulk_create([page for page, _ in pages], batch_size=500)
            insert(ListingEntry, COLUMNS, _rows(pages))


def _paged(listing: Listing, entries: list[Place]) -> Iterator[tuple[ListingPage, list[Place]]]:
    """Its pages, and what stands on each."""
    size = page_size(listing.kind)
    for number in range(1, listing.last + 1 if entries else 1):
        end = number * size if number < listing.last else len(entries)
        on_it = entries[(number - 1) * size : end]
        at, pk = on_it[0]
        page = ListingPage(
            listing=listing, number=number, count=len(on_it), first_at=at, first_id=pk
        )
        yield page, on_it


def _rows(pages: Iterable[tuple[ListingPage, list[Place]]]) -> Iterator[tuple[int, int, int, int]]:
    for page, entries in pages:
        for at, pk in entries:
            yield page.listing_id, pk, at, page.pk
