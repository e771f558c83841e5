"""The pages of one listing in memory: where an entry goes when it comes, and what makes room.

Nothing is written here; `PageTable` keeps what has changed until it is (`Pagination.save`). Only
the newest pages are read, unless older ones are touched.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from builds.models import Listing, ListingEntry, ListingPage

Place = tuple[int, int]
"""`at` and id of an entry: entries stand in this order."""


@dataclass(eq=False)
class Page:
    """One page; its entries only once they have to be known."""

    row: ListingPage
    members: list[Place] | None = None

    @property
    def number(self) -> int:
        """In the address."""
        return self.row.number


@dataclass
class Changes:
    """What is to be written of a listing's pages, and what is due of them."""

    pages: set[Page] = field(default_factory=set)
    gone: set[Page] = field(default_factory=set)
    new: dict[int, int] = field(default_factory=dict)
    """`at` of entries that came, by id."""
    removed: set[int] = field(default_factory=set)
    where: dict[int, Page] = field(default_factory=dict)
    """The pages of those that came, and of those that stand on another one than before."""
    due: set[int] = field(default_factory=set)
    is_renumbered: bool = False


class Standing(NamedTuple):
    """Where an entry stands, as it is stored."""

    at: int
    page_id: int
    number: int


@dataclass(frozen=True)
class Move:
    """An entry that comes to a listing, goes, stays, or stands at another time than before."""

    table: PageTable
    entry_id: int
    old: Standing | None
    at: int | None

    @property
    def is_going(self) -> bool:
        """Whether it leaves the page on which it stands."""
        return self.old is not None and self.old.at != self.at

    @property
    def is_coming(self) -> bool:
        """Whether a page is to be found for it."""
        return self.at is not None and (self.old is None or self.old.at != self.at)


class PageTable:
    """The pages of one listing, and what has changed since it was written last."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.pages: list[Page] = []
        self.is_read = listing.pk is None
        self.floor = 1 if self.is_read else listing.last + 1
        """The lowest number that was read."""
        self.changes = Changes()
        self.last_before = listing.last
        """The number of the last page as it is stored."""
        self._by_pk: dict[int, Page] = {}

    # -- what is read

    @property
    def is_whole(self) -> bool:
        """Whether all of its pages are known."""
        return self.floor <= 1

    def add_older(self, rows: Iterable[ListingPage], *, is_all: bool) -> None:
        """Take over rows of pages, as far as they are older than those that are known."""
        older = sorted((row for row in rows if row.number < self.floor), key=lambda r: r.number)
        self.pages[:0] = found = [Page(row) for row in older]
        self._by_pk |= {page.row.pk: page for page in found}
        is_all = is_all or not older or self.listing.before(older[0].number) is None
        self.floor, self.is_read = 1 if is_all else older[0].number, True

    def read_all(self) -> None:
        """Know all pages."""
        if not self.is_whole:
            self.add_older(self.listing.pages.filter(number__lt=self.floor), is_all=True)

    def covers(self, place: Place) -> bool:
        """Whether the page is known where that belongs."""
        return self.is_whole or (bool(self.pages) and self.pages[0].row.first <= place)

    def page_of(self, entry_id: int, page_id: int) -> Page | None:
        """The page on which an entry stands that was stored on `page_id`, if it is known."""
        return self.changes.where.get(entry_id) or self._by_pk.get(page_id)

    def number_of(self, entry_id: int, page_id: int) -> int | None:
        """Of that page."""
        page = self.page_of(entry_id, page_id)
        return page.number if page else None

    def page_for(self, place: Place) -> Page | None:
        """The page where that belongs: the last one that begins before it."""
        if not self.covers(place):
            self.read_all()
        index = bisect_right(self.pages, place, key=lambda page: page.row.first) - 1
        return self.pages[max(index, 0)] if self.pages else None

    def oldest_recent(self, entries: int) -> int:
        """The number of the oldest page on which one of so many newest entries may stand."""
        for _ in range(2):
            seen = 0
            for page in reversed(self.pages):
                seen += page.row.count
                if seen >= entries:
                    return page.number
            self.read_all()
        return 1

    def needs_older(self, moves: Iterable[Move]) -> bool:
        """Whether one of these touches a page that is not known."""
        return any(
            (move.is_coming and not self.covers((move.at or 0, move.entry_id)))
            or (move.is_going and move.old and not self.page_of(move.entry_id, move.old.page_id))
            for move in moves
        )

    def needing_members(self, moves: Sequence[Move], size: int) -> set[Page]:
        """The pages whose entries have to be known for these: they will be cut, or joined."""
        coming = (self.page_for((m.at or 0, m.entry_id)) for m in moves if m.is_coming)
        going = (self.page_of(m.entry_id, m.old.page_id) for m in moves if m.old and m.is_going)
        more, fewer = Counter(filter(None, coming)), Counter(filter(None, going))
        needed = {page for page, n in more.items() if page.row.count + n >= 2 * size}
        for page, n in fewer.items():
            if page.row.count - n < size // 3:
                index = self.pages.index(page)
                needed |= set(self.pages[index : index + 2])
        return {page for page in needed if page.members is None and page.row.pk}

    def know_pages(self) -> None:
        """Those that are new have rows now."""
        self._by_pk |= {page.row.pk: page for page in self.changes.pages}

    def forget_changes(self) -> None:
        """They are written."""
        self.changes, self.last_before = Changes(), self.listing.last

    # -- what comes and goes

    def insert(self, entry_id: int, at: int, size: int) -> int:
        """An entry comes; the number of the page that it is put on (and that may be cut then)."""
        place = (at, entry_id)
        page = self.page_for(place) or self._add_page(0, self.listing.last, [])
        if page.members is not None:
            insort(page.members, place)
        if not page.row.count or place < page.row.first:
            page.row.first_at, page.row.first_id = place
        page.row.count += 1
        self.listing.count += 1
        self.changes.new[entry_id], self.changes.where[entry_id] = at, page
        self._touch(page)
        number = page.number
        if page.row.count >= 2 * size:
            self._split(page)
        return number

    def remove(self, entry_id: int, at: int, page_id: int, size: int) -> None:
        """An entry goes that was stored on `page_id`."""
        page = self.page_of(entry_id, page_id)
        if page is None:
            self.read_all()
            page = self.page_of(entry_id, page_id)
            assert page  # noqa: S101  # all are known
        if page.members is not None:
            page.members.remove((at, entry_id))
        page.row.count -= 1
        self.listing.count -= 1
        self.changes.where.pop(entry_id, None)
        if self.changes.new.pop(entry_id, None) is None:
            self.changes.removed.add(entry_id)
        self._touch(page)
        if page.row.count < size // 3 or not page.row.count:
            self._close(page, size)

    def mark_neighbours(self, *numbers: int) -> None:
        """These pages are others now: they and their neighbours, which link to them, change."""
        near = {*numbers, self.listing.last}
        for number in numbers:
            near |= {n for n in (self.listing.before(number), self.listing.after(number)) if n}
        self.changes.due |= near
        self.changes.is_renumbered = True

    # -- pages

    def _touch(self, page: Page) -> None:
        self.changes.pages.add(page)
        self.changes.due.add(page.number)

    def _add_page(self, index: int, number: int, members: list[Place]) -> Page:
        first_at, first_id = members[0] if members else (0, 0)
        row = ListingPage(
            listing=self.listing, number=number, count=len(members),
            first_at=first_at, first_id=first_id,
        )  # fmt: skip
        page = Page(row, members)
        self.pages.insert(index, page)
        self.changes.pages.add(page)
        return page

    def _split(self, page: Page) -> None:
        """The newer half gets a page of its own, after this one."""
        listing, number = self.listing, page.number
        is_last, is_free = number == listing.last, number + 1 in listing.gaps
        index = self.pages.index(page)
        if not is_last and not is_free:
            self._shift(index)
        members = self._members(page)
        half = len(members) - len(members) // 2
        newer = self._add_page(index + 1, number + 1, members[half:])
        del members[half:]
        page.row.count = len(members)
        self.changes.where |= {entry_id: newer for _, entry_id in newer.members or ()}
        if is_free:
            listing.gaps = [n for n in listing.gaps if n != number + 1]
        if is_last:
            listing.last += 1
        self.mark_neighbours(number, number + 1)

    def _shift(self, index: int) -> None:
        """Number all later pages anew, to make room for one."""
        number = self.pages[index].number
        for page in self.pages[index + 1 :]:
            page.row.number += 1
            self.changes.pages.add(page)
        self.listing.gaps = [n + (n > number) for n in self.listing.gaps]
        self.listing.last += 1
        self.changes.due |= set(range(number + 1, self.listing.last + 1))

    def _close(self, page: Page, size: int) -> None:
        """A page that has few entries gives them to the next one, and its number up."""
        number, left = page.number, page.row.count
        if left and (number == self.listing.last or not self._join_next(page, size)):
            return
        self.pages.remove(page)
        self.changes.pages.discard(page)
        if page.row.pk:
            self.changes.gone.add(page)
            del self._by_pk[page.row.pk]
        self._give_up(number)
        if not self.pages:
            self.read_all()

    def _join_next(self, page: Page, size: int) -> bool:
        """False if the next page would be too full then."""
        after = self.pages[self.pages.index(page) + 1]
        if after.row.count + page.row.count >= 2 * size:
            return False
        moved = self._members(page)
        after.members = moved + self._members(after)
        after.row.count = len(after.members)
        after.row.first_at, after.row.first_id = page.row.first
        self.changes.where |= {entry_id: after for _, entry_id in moved}
        self._touch(after)
        return True

    def _give_up(self, number: int) -> None:
        """A number is free; another page that becomes the last one gets the bare address: links to
        it change too."""
        listing = self.listing
        if number < listing.last:
            listing.gaps = sorted([*listing.gaps, number])
            self.mark_neighbours(number)
            return
        listing.last = listing.before(number) or 1
        listing.gaps = [n for n in listing.gaps if n < listing.last]
        self.mark_neighbours(number, listing.last)

    def _members(self, page: Page) -> list[Place]:
        """Its entries, the oldest first, with all that has changed."""
        if page.members is None:
            rows = ListingEntry.objects.filter(page=page.row)
            self.know(page, rows.values_list("at", "entry_id"))
        assert page.members is not None  # noqa: S101  # known now
        return page.members

    def know(self, page: Page, stored: Iterable[Place]) -> None:
        """Take over the entries that are stored on a page."""
        where, removed = self.changes.where, self.changes.removed
        kept = [p for p in stored if p[1] not in removed and p[1] not in where]
        came = [(at, pk) for pk, at in self.changes.new.items() if where[pk] is page]
        page.members = sorted(kept + came)
