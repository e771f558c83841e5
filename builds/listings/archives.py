"""Archives of a list's feed (RFC 5005): what came before the entries that the feed itself has.

An archive holds the entries of PAGES_EACH pages of the list, which are numbered from the oldest and keep
their entries: so it changes when one of these does, and not with what is new. The feed has all
that came since the last archive, whoever was away for some hundred releases follows the links
back. How many archives are kept is bounded: see docs/decisions/0041.
"""

from __future__ import annotations

from collections.abc import Iterable

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


def due(listing: Listing, last_before: int, changed_pages: Iterable[int]) -> set[int]:
    """The archives that may be others now: those of these pages, and where one has come or gone its
    neighbours, which link to it."""
    if listing.kind not in KEPT:
        return set()
    low, high = sorted((count(last_before), count(listing.last)))
    found = {of_page(number) for number in changed_pages}
    if low != high:
        kept = KEPT[listing.kind]
        found |= {*range(low, high + 1), *range(low - kept, high - kept + 2)}
    return {number for number in found if 1 <= number <= high}
