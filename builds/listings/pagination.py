"""Which entry stands on which page of which listing, and how one change moves it.

Pages are numbered from the oldest. A page keeps its number and its entries: what is new goes to
the last page, which is cut in two when it is full, so one change touches one page of each
listing, or two.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db.models import F, Q

from builds.data.entry import Entry
from builds.data.taxonomy import Taxonomy
from builds.models import Listing, ListingEntry

Kind = Listing.Kind
ListingKey = tuple[str, str]
PAGE_ROWS = 30
SHARD_ITEMS = 1000
FEED_ITEMS = 50
FEED_KINDS = frozenset({Kind.ALL, Kind.CATEGORY, Kind.TAG, Kind.PUBLISHER, Kind.TEAM})
LASTING = frozenset({Kind.ALL, Kind.CATEGORY})
"""They have a page even when they are empty."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def listing_keys(entry: Entry, taxonomy: Taxonomy) -> list[ListingKey]:
    """Every listing that an entry belongs to."""
    chain = taxonomy.categories[entry.category].chain
    keys: list[ListingKey] = [(Kind.ALL, ""), (Kind.MONTH, entry.published_at[:7])]
    keys += [(Kind.CATEGORY, str(pk)) for pk in chain]
    keys += [(Kind.TAG, slug) for slug in entry.tag_slugs]
    keys.append((Kind.PUBLISHER, str(entry.publisher)))
    return keys + ([(Kind.TEAM, str(entry.team))] if entry.team is not None else [])


def microseconds_of(entry: Entry) -> int:
    """When it was published, in microseconds since 1970: entries of a page stand in this order."""
    return (datetime.fromisoformat(entry.published_at) - EPOCH) // timedelta(microseconds=1)


def page_size(kind: str) -> int:
    """How many entries a page of a listing has at least, but for a hole; its last page has up to
    twice as many."""
    return SHARD_ITEMS if kind == Kind.MONTH else PAGE_ROWS


class Pagination:
    """The listings and their pages as one build changes them.

    `due` collects the owners (see `builds.pages.outputs`) of outputs to be made anew.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.taxonomy = taxonomy
        self.due: set[str] = set()
        self.listings: dict[ListingKey, Listing] = {
            (x.kind, x.key): x for x in Listing.objects.all()
        }
        self._by_pk = {listing.pk: listing for listing in self.listings.values()}
        self._changed: dict[int, Listing] = {}
        self._bare_pages: set[int] = set()
        self._stored: dict[int, dict[int, ListingEntry]] = {}
        self._recent_pages: dict[int, int] = {}
        self._moved: set[int] = set()

    def load(self, ids: Sequence[int]) -> None:
        """Read in one query where these entries stand; they are updated next."""
        self._moved = set()
        self._stored = {pk: {} for pk in ids}
        for item in ListingEntry.objects.filter(entry_id__in=ids):
            self._stored[item.entry_id][item.listing_id] = item

    def update(self, pk: int, before: Entry | None, after: Entry | None) -> None:
        """An entry came, changed or went: bring what the listings have of it into agreement."""
        wanted = listing_keys(after, self.taxonomy) if after else []
        if pk not in self._stored:
            self.load([pk])
        stored = self._stored.pop(pk)
        for item in stored.values():
            if item.listing_id in self._moved:  # entries moved to other pages since it was read
                item.refresh_from_db(fields=["page"])
        listings = {self._listing(key).pk: self._listing(key) for key in wanted}
        for listing_id, item in stored.items():
            if listing_id not in listings:
                self._remove(self._by_pk[listing_id], item)
        for listing_id, listing in listings.items():
            assert after  # noqa: S101  # it is wanted somewhere
            self._move(listing, pk, stored.get(listing_id), microseconds_of(after))
        self._count_spellings(before, after)

    def align_categories(self) -> None:
        """Make a listing for each category, and drop those of categories that are gone."""
        for pk in self.taxonomy.categories:
            self._listing((Kind.CATEGORY, str(pk)))
        self._listing((Kind.ALL, ""))
        gone = [
            key
            for key in self.listings
            if key[0] == Kind.CATEGORY and int(key[1]) not in self.taxonomy.categories
        ]
        for key in gone:
            self._drop(self.listings[key])

    def mark_listing(self, key: ListingKey) -> None:
        """A listing's name or address changed: all its pages and its feed do."""
        if listing := self.listings.get(key):
            self.due |= {_owner(listing, number) for number in listing.numbers}
            self.due |= {f"feed/{listing.pk}", "sitemap/lists"}

    def mark_bare_page(self, key: ListingKey) -> None:
        """What only the bare page of a listing (its newest) shows has changed."""
        if listing := self.listings.get(key):
            self._bare_pages.add(listing.pk)

    def save(self) -> set[str]:
        """Write the listings, drop the empty ones; what is due since the last time."""
        for listing in list(self.listings.values()):
            if not listing.count and listing.kind not in LASTING:
                self._drop(listing)
        fields = ["count", "last", "gaps", "spellings"]
        Listing.objects.bulk_update(self._changed.values(), fields, batch_size=500)
        marked = [
            x for x in self.listings.values() if x.pk in self._bare_pages or x.kind == Kind.ALL
        ]
        self.due |= {_owner(listing, listing.last) for listing in marked}
        due, self.due, self._changed, self._bare_pages = self.due, set(), {}, set()
        return due

    # -- one listing

    def _listing(self, key: ListingKey) -> Listing:
        if key not in self.listings:
            self.listings[key] = Listing.objects.create(kind=key[0], key=key[1])
            self._by_pk[self.listings[key].pk] = self.listings[key]
            self._mark_neighbours(self.listings[key])
            self._bare_pages.add(self.listings[key].pk)
            self.due.add(f"feed/{self.listings[key].pk}")
        return self.listings[key]

    def _drop(self, listing: Listing) -> None:
        self.mark_listing((listing.kind, listing.key))
        self._mark_neighbours(listing)
        self._changed.pop(listing.pk, None)
        del self.listings[listing.kind, listing.key], self._by_pk[listing.pk]
        listing.entries.all().delete()
        self._bare_pages.discard(listing.pk)
        Listing.objects.filter(pk=listing.pk).delete()  # `listing` keeps its key

    def _move(self, listing: Listing, pk: int, item: ListingEntry | None, at: int) -> None:
        if item and item.at == at:
            self._mark_page(listing, item.page)
            return
        if item:
            self._remove(listing, item)
        self._insert(listing, pk, at)

    def _insert(self, listing: Listing, pk: int, at: int) -> None:
        page = self._page_for(listing, pk, at)
        ListingEntry.objects.create(listing_id=listing.pk, entry_id=pk, at=at, page=page)
        self._add_to_count(listing, 1)
        self._mark_page(listing, page)
        if _count_on(listing, page) >= 2 * page_size(listing.kind):
            self._split(listing, page)

    def _page_for(self, listing: Listing, pk: int, at: int) -> int:
        here = listing.entries.filter(page=listing.last).order_by("-at", "-entry_id").first()
        if here is None or (here.at, here.entry_id) < (at, pk):
            return listing.last
        is_older = Q(at__lt=at) | Q(at=at, entry_id__lt=pk)
        older = listing.entries.filter(is_older).order_by("-page").first()  # a look at few, mostly
        return older.page if older else listing.numbers[0]

    def _split(self, listing: Listing, page: int) -> None:
        """The newer half gets a page of its own, after this one."""
        is_last, free = page == listing.last, page + 1 in listing.gaps
        if not is_last and not free:
            self._shift(listing, page)
        rows = listing.entries.filter(page=page).order_by("-at", "-entry_id")
        newer = list(rows.values_list("pk", flat=True)[: _count_on(listing, page) // 2])
        ListingEntry.objects.filter(pk__in=newer).update(page=page + 1)
        self._moved.add(listing.pk)
        if free:
            listing.gaps = [number for number in listing.gaps if number != page + 1]
        if is_last:
            listing.last += 1
        self._mark_neighbours(listing, page, page + 1)

    def _shift(self, listing: Listing, page: int) -> None:
        """Number all later pages anew, to make room for one."""
        listing.entries.filter(page__gt=page).update(page=F("page") + 1)
        self._moved.add(listing.pk)
        listing.gaps = [number + (number > page) for number in listing.gaps]
        listing.last += 1
        self.due |= {_owner(listing, number) for number in range(page + 1, listing.last + 1)}

    def _remove(self, listing: Listing, item: ListingEntry) -> None:
        self._mark_page(listing, item.page)
        item.delete()
        self._add_to_count(listing, -1)
        left = _count_on(listing, item.page)
        if left < page_size(listing.kind) // 3:
            self._close(listing, item.page, left)

    def _close(self, listing: Listing, page: int, left: int) -> None:
        """A page that has few entries gives them to the next one, and its number up."""
        numbers = listing.numbers
        if left and page == listing.last:
            return
        if left:
            after = numbers[numbers.index(page) + 1]
            if _count_on(listing, after) + left >= 2 * page_size(listing.kind):
                return
            listing.entries.filter(page=page).update(page=after)
            self._moved.add(listing.pk)
            self.due.add(_owner(listing, after))
        numbers.remove(page)
        pages = {page} if page < listing.last else {page, numbers[-1] if numbers else 1}
        listing.last = numbers[-1] if numbers else 1
        listing.gaps = sorted(set(range(1, listing.last)).difference(numbers))
        # Another page that becomes the last one gets the bare address: links to it change too.
        self._mark_neighbours(listing, *pages)

    def _mark_neighbours(self, listing: Listing, *pages: int) -> None:
        """Its pages are others now: they and their neighbours, which link to them, change."""
        numbers = listing.numbers
        near = set(pages) | {listing.last}
        for page in pages:
            near |= set(
                [n for n in numbers if n < page][-1:] + [n for n in numbers if n > page][:1]
            )
        self.due |= {_owner(listing, number) for number in near}
        self.due.add("sitemap/lists")
        self._changed[listing.pk] = listing

    def _add_to_count(self, listing: Listing, more: int) -> None:
        listing.count += more
        self._recent_pages.pop(listing.pk, None)
        self._changed[listing.pk] = listing
        if listing.kind == Kind.CATEGORY:
            node = self.taxonomy.categories.get(int(listing.key))
            if node and node.parent_id:  # it shows how many its children have
                self.mark_bare_page((Kind.CATEGORY, str(node.parent_id)))

    def _mark_page(self, listing: Listing, page: int) -> None:
        self.due.add(_owner(listing, page))
        if listing.kind in FEED_KINDS and page >= self._oldest_recent(listing):
            self.due.add(f"feed/{listing.pk}")

    def _oldest_recent(self, listing: Listing) -> int:
        """The oldest page on which one of the newest FEED_ITEMS entries may stand."""
        if listing.pk not in self._recent_pages:
            self._recent_pages[listing.pk] = _oldest_recent(listing)
        return self._recent_pages[listing.pk]

    def _count_spellings(self, before: Entry | None, after: Entry | None) -> None:
        old = before.tag_slugs if before else {}
        new = after.tag_slugs if after else {}
        for slug in old.keys() | new.keys():
            listing = self.listings.get((Kind.TAG, slug))
            if listing and old.get(slug) != new.get(slug):
                self._count_spelling(listing, old.get(slug), new.get(slug))

    def _count_spelling(self, listing: Listing, old: str | None, new: str | None) -> None:
        was, spellings = listing.name, dict(listing.spellings)
        if old in spellings:
            spellings[old] -= 1
        if new is not None:
            spellings[new] = spellings.get(new, 0) + 1
        listing.spellings = {name: count for name, count in spellings.items() if count > 0}
        self._changed[listing.pk] = listing
        if listing.name != was:
            self.mark_listing((Kind.TAG, listing.key))


def _owner(listing: Listing, number: int) -> str:
    return f"page/{listing.pk}/{number}"


def _count_on(listing: Listing, page: int) -> int:
    return listing.entries.filter(page=page).count()


def _oldest_recent(listing: Listing) -> int:
    seen = 0
    for number in reversed(listing.numbers):
        seen += _count_on(listing, number)
        if seen >= FEED_ITEMS:
            return number
    return 1
