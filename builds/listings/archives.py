"""Archives of a list's feed (RFC 5005): what came before the entries that the feed itself has.

An archive holds the entries of PAGES_EACH pages of the list, which are numbered from the oldest and keep
their entries: so it changes when one of these does, and not with what is new. The feed has all
that came since the last archive, whoever was away for some hundred releases follows the links
back, to the first archive that he has read already. So none may ever have the address of another: what
is taken down frees numbers, and an archive's name is its number with its newest entry. How many archives
are kept is bounded: see docs/decisions/0041.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from builds.models import Listing

PAGES_EACH = 3
KEPT: dict[str, int] = {
    Listing.Kind.ALL: 100,
    Listing.Kind.CATEGORY: 6,
    Listing.Kind.PUBLISHER: 6,
    Listing.Kind.TEAM: 6,
}
"""Of each list: 9,000 entries of all, 540 of a category. Tags have none: they are thousands, and an
entry has many."""


def of_page(number: int) -> int:
    """The archive to which that page of a list belongs, whether there is one or not."""
    return (number - 1) // PAGES_EACH + 1


def count(last: int) -> int:
    """How many there are of a list whose last page has that number: that one grows, and so it and
    those before it that would share its archive are in none."""
    return (last - 1) // PAGES_EACH


def first_open_page(listing: Listing) -> int:
    """From this page on all entries are in the feed itself."""
    return count(listing.last) * PAGES_EACH + 1 if listing.kind in KEPT else listing.last + 1


def pages(listing: Listing) -> dict[int, list[int]]:
    """The numbers of the archives that are kept, the oldest first, and of their pages."""
    newest = count(listing.last)
    oldest = max(1, newest - KEPT.get(listing.kind, 0) + 1)
    found: dict[int, list[int]] = {}
    if listing.kind in KEPT:
        for number in listing.numbers:
            if oldest <= of_page(number) <= newest:
                found.setdefault(of_page(number), []).append(number)
    return found


def beside(listing: Listing, number: int) -> tuple[int, int]:
    """The archives before and after this one; 0 for none."""
    kept = sorted(pages(listing))
    before, after = bisect_left(kept, number), bisect_right(kept, number)
    return (kept[before - 1] if before else 0), (kept[after] if after < len(kept) else 0)


def due(listing: Listing, last_before: int, changed_pages: Iterable[int]) -> set[int]:
    """The archives that may be others now: those of these pages, their neighbours, which link to them by their
    names, and what a bound has let in or out."""
    low, high = sorted((count(last_before), count(listing.last)))
    found = {number for number in map(of_page, changed_pages) if number <= high}
    if listing.kind not in KEPT or (not found and low == high):
        return set()
    if low != high:
        kept = KEPT[listing.kind]
        found |= {*range(low, high + 1), *range(low - kept, high - kept + 2)}
    found |= set(_neighbours(sorted(pages(listing)), found))
    return {number for number in found if 1 <= number <= high}


def _neighbours(kept: list[int], found: set[int]) -> Iterator[int]:
    for number in found:
        before, after = bisect_left(kept, number), bisect_right(kept, number)
        yield from (*kept[before - 1 : before], *kept[after : after + 1])
