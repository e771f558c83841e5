"""The rows of listings and their pages: read for what is going to change, and written after it.

Each is a few queries, however many entries there are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence

from django.db.models import F, Q, QuerySet

from builds.listings.page_table import Move, Page, PageTable, Standing
from builds.models import Listing, ListingEntry, ListingPage
from builds.models.bulk import delete, insert, update

NEWEST_PAGES = 6
"""So many of a listing are read at first: the newest entries, which feeds show, stand on them."""
COLUMNS = ("listing_id", "entry_id", "at", "page_id")


def listings(keys: Iterable[tuple[str, str]]) -> QuerySet[Listing]:
    """Those of these kinds and keys."""
    by_kind: dict[str, list[str]] = {}
    for kind, key in keys:
        by_kind.setdefault(kind, []).append(key)
    these = Q(pk__in=[])
    for kind, names in by_kind.items():
        these |= Q(kind=kind, key__in=names)
    return Listing.objects.filter(these)


def standing(ids: Iterable[int]) -> dict[int, dict[int, Standing]]:
    """Where these entries stand, by entry and listing."""
    found: dict[int, dict[int, Standing]] = {pk: {} for pk in ids}
    rows = ListingEntry.objects.filter(entry_id__in=found)
    for pk, listing, *where in rows.values_list(
        "entry_id", "listing_id", "at", "page_id", "page__number"
    ):
        found[pk][listing] = Standing(*where)
    return found


def read(moves: Iterable[Move], page_size: Callable[[str], int]) -> None:
    """Read what these look at: the newest pages of each listing, the older ones of those where
    they are touched, and the entries of pages that will be cut or joined."""
    by_table: dict[PageTable, list[Move]] = {}
    for move in moves:
        by_table.setdefault(move.table, []).append(move)
    _read_pages(
        [table for table in by_table if not table.is_read],
        Q(number__gt=F("listing__last") - NEWEST_PAGES),
    )
    _read_pages([table for table, its in by_table.items() if table.needs_older(its)])
    needed: dict[int, tuple[PageTable, Page]] = {}
    for table, its in by_table.items():
        pages = table.needing_members(its, page_size(table.listing.kind))
        needed |= {page.row.pk: (table, page) for page in pages}
    _read_members(needed)


def _read_pages(tables: Collection[PageTable], these: Q | None = None) -> None:
    """All pages of these listings, or these alone."""
    if not tables:
        return
    found: dict[int, list[ListingPage]] = {table.listing.pk: [] for table in tables}
    for row in ListingPage.objects.filter(these or Q(), listing__in=found):
        found[row.listing_id].append(row)
    for table in tables:
        table.add_older(found[table.listing.pk], is_all=these is None)


def _read_members(needed: dict[int, tuple[PageTable, Page]]) -> None:
    if not needed:
        return
    found: dict[int, list[tuple[int, int]]] = {pk: [] for pk in needed}
    rows = ListingEntry.objects.filter(page__in=needed).values_list("page_id", "at", "entry_id")
    for page_id, at, entry_id in rows:
        found[page_id].append((at, entry_id))
    for pk, (table, page) in needed.items():
        table.know(page, found[pk])


def drop(gone: Sequence[Listing]) -> None:
    """Listings that are no more, with all that stands in them."""
    if gone:
        pages = ListingPage.objects.filter(listing__in=gone)
        ListingEntry.objects.filter(page__in=list(pages)).delete()
        pages.delete()
        Listing.objects.filter(pk__in=[listing.pk for listing in gone]).delete()


def write(tables: Sequence[PageTable]) -> None:
    """All that has changed in these."""
    _write_listings([table.listing for table in tables])
    _write_pages([page.row for table in tables for page in table.changes.pages])
    for table in tables:
        table.know_pages()
    _write_entries(tables)
    gone = [page.row.pk for table in tables for page in table.changes.gone]
    if gone:
        ListingPage.objects.filter(pk__in=gone).delete()


def _write_listings(rows: Sequence[Listing]) -> None:
    new = [row for row in rows if row.pk is None]
    known = [row for row in rows if row.pk is not None]
    columns = ("count", "last", "gaps", "spellings")
    values = [(r.count, r.last, json.dumps(r.gaps), json.dumps(r.spellings), r.pk) for r in known]
    update(Listing, columns, values, where=("id",))
    Listing.objects.bulk_create(new, batch_size=500)


def _write_pages(rows: Sequence[ListingPage]) -> None:
    columns = ("number", "count", "first_at", "first_id")
    known = [row for row in rows if row.pk is not None]
    values = [(row.number, row.count, *row.first, row.pk) for row in known]
    update(ListingPage, columns, values, where=("id",))
    ListingPage.objects.bulk_create([row for row in rows if row.pk is None], batch_size=500)


def _write_entries(tables: Iterable[PageTable]) -> None:
    removed: list[tuple[int, int]] = []
    moved: list[tuple[int, int, int]] = []
    new: list[tuple[int, int, int, int]] = []
    for table in tables:
        pk, changes = table.listing.pk, table.changes
        removed += [(entry_id, pk) for entry_id in changes.removed]
        for entry_id, page in changes.where.items():
            if entry_id in changes.new:
                new.append((pk, entry_id, changes.new[entry_id], page.row.pk))
            else:
                moved.append((page.row.pk, entry_id, pk))
    delete(ListingEntry, removed, where=("entry_id", "listing_id"))
    update(ListingEntry, ("page_id",), moved, where=("entry_id", "listing_id"))
    insert(ListingEntry, COLUMNS, new)
