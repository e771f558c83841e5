"""Which entry stands on which page of which listing, and how that changes.

Pages are numbered from the oldest. A page keeps its number and its entries: what is new goes to
the last page, which is cut in two when it is full, so one change touches one page of each
listing, or two.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db.models import F, Q

from builds.data.entry import Facts
from builds.data.taxonomy import Names
from builds.models import Listing, Place

Kind = Listing.Kind
Key = tuple[str, str]
PAGE_ROWS = 30
SHARD_ITEMS = 1000
FEED_ITEMS = 50
FEED_KINDS = frozenset({Kind.ALL, Kind.CATEGORY, Kind.TAG, Kind.PUBLISHER, Kind.TEAM})
LASTING = frozenset({Kind.ALL, Kind.CATEGORY})
"""They have a page even when they are empty."""
BATCH = 2000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def keys_of(facts: Facts, names: Names) -> list[Key]:
    """Every listing that an entry belongs to."""
    chain = names.nodes[facts.category].chain
    keys: list[Key] = [(Kind.ALL, ""), (Kind.MONTH, facts.published_at[:7])]
    keys += [(Kind.CATEGORY, str(pk)) for pk in chain]
    keys += [(Kind.TAG, slug) for slug in facts.tag_slugs]
    keys.append((Kind.PUBLISHER, str(facts.publisher)))
    return keys + ([(Kind.TEAM, str(facts.team))] if facts.team is not None else [])


def at_of(facts: Facts) -> int:
    """Where it stands among others: microseconds since 1970 at which it was published."""
    return (datetime.fromisoformat(facts.published_at) - EPOCH) // timedelta(microseconds=1)


def rows_of(kind: str) -> int:
    """How many entries a page of a listing has at least, but for a hole; its last page has up to
    twice as many."""
    return SHARD_ITEMS if kind == Kind.MONTH else PAGE_ROWS


class Places:
    """The places as one build changes them. `due` collects owners of outputs to be made anew."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.due: set[str] = set()
        self.listings: dict[Key, Listing] = {(x.kind, x.key): x for x in Listing.objects.all()}
        self._by_pk = {listing.pk: listing for listing in self.listings.values()}
        self._changed: dict[int, Listing] = {}
        self._bare: set[int] = set()
        self._present: dict[int, dict[int, Place]] = {}
        self._recent: dict[int, int] = {}
        self._moved: set[int] = set()

    def load(self, ids: Sequence[int]) -> None:
        """Read the places of these entries, which are put next, at once."""
        self._moved = set()
        self._present = {pk: {} for pk in ids}
        for place in Place.objects.filter(entry_id__in=ids):
            self._present[place.entry_id][place.listing_id] = place

    def put(self, pk: int, before: Facts | None, after: Facts | None) -> None:
        """An entry came, changed or went: bring its places into agreement."""
        wanted = keys_of(after, self.names) if after else []
        if pk not in self._present:
            self.load([pk])
        present = self._present.pop(pk)
        for place in present.values():
            if place.listing_id in self._moved:  # entries moved to other pages since it was read
                place.refresh_from_db(fields=["page"])
        listings = {self._listing(key).pk: self._listing(key) for key in wanted}
        for listing_id, place in present.items():
            if listing_id not in listings:
                self._remove(self._by_pk[listing_id], place)
        for listing_id, listing in listings.items():
            assert after  # noqa: S101  # it is wanted somewhere
            self._set(listing, pk, present.get(listing_id), at_of(after))
        self._spell(before, after)

    def lay(self) -> None:
        """Make a listing for each category, and drop those of categories that are gone."""
        for pk in self.names.nodes:
            self._listing((Kind.CATEGORY, str(pk)))
        self._listing((Kind.ALL, ""))
        gone = [
            key
            for key in self.listings
            if key[0] == Kind.CATEGORY and int(key[1]) not in self.names.nodes
        ]
        for key in gone:
            self._drop(self.listings[key])

    def touch(self, key: Key) -> None:
        """A listing's name or address changed: all its pages and its feed do."""
        if listing := self.listings.get(key):
            self.due |= {_page(listing, number) for number in listing.numbers}
            self.due |= {f"feed/{listing.pk}", "sitemap/lists"}

    def touch_bare(self, key: Key) -> None:
        """What only the bare page of a listing shows has changed."""
        if listing := self.listings.get(key):
            self._bare.add(listing.pk)

    def save(self) -> set[str]:
        """Write the listings, drop the empty ones; what is due since the last time."""
        for listing in list(self.listings.values()):
            if not listing.count and listing.kind not in LASTING:
                self._drop(listing)
        fields = ["count", "last", "gaps", "spellings"]
        Listing.objects.bulk_update(self._changed.values(), fields, batch_size=500)
        bare = [x for x in self.listings.values() if x.pk in self._bare or x.kind == Kind.ALL]
        self.due |= {_page(listing, listing.last) for listing in bare}
        due, self.due, self._changed, self._bare = self.due, set(), {}, set()
        return due

    # -- one listing

    def _listing(self, key: Key) -> Listing:
        if key not in self.listings:
            self.listings[key] = Listing.objects.create(kind=key[0], key=key[1])
            self._by_pk[self.listings[key].pk] = self.listings[key]
            self._repaged(self.listings[key])
            self._bare.add(self.listings[key].pk)
            self.due.add(f"feed/{self.listings[key].pk}")
        return self.listings[key]

    def _drop(self, listing: Listing) -> None:
        self.touch((listing.kind, listing.key))
        self._repaged(listing)
        self._changed.pop(listing.pk, None)
        del self.listings[listing.kind, listing.key], self._by_pk[listing.pk]
        listing.places.all().delete()
        self._bare.discard(listing.pk)
        Listing.objects.filter(pk=listing.pk).delete()  # `listing` keeps its key

    def _set(self, listing: Listing, pk: int, place: Place | None, at: int) -> None:
        if place and place.at == at:
            self._touch_page(listing, place.page)
            return
        if place:
            self._remove(listing, place)
        self._insert(listing, pk, at)

    def _insert(self, listing: Listing, pk: int, at: int) -> None:
        page = self._page_for(listing, pk, at)
        Place.objects.create(listing_id=listing.pk, entry_id=pk, at=at, page=page)
        self._count(listing, 1)
        self._touch_page(listing, page)
        if _size(listing, page) >= 2 * rows_of(listing.kind):
            self._split(listing, page)

    def _page_for(self, listing: Listing, pk: int, at: int) -> int:
        here = listing.places.filter(page=listing.last).order_by("-at", "-entry_id").first()
        if here is None or (here.at, here.entry_id) < (at, pk):
            return listing.last
        is_older = Q(at__lt=at) | Q(at=at, entry_id__lt=pk)
        older = listing.places.filter(is_older).order_by("-page").first()  # a look at few, mostly
        return older.page if older else listing.numbers[0]

    def _split(self, listing: Listing, page: int) -> None:
        """The newer half gets a page of its own, after this one."""
        is_last, free = page == listing.last, page + 1 in listing.gaps
        if not is_last and not free:
            self._shift(listing, page)
        rows = listing.places.filter(page=page).order_by("-at", "-entry_id")
        newer = list(rows.values_list("pk", flat=True)[: _size(listing, page) // 2])
        Place.objects.filter(pk__in=newer).update(page=page + 1)
        self._moved.add(listing.pk)
        if free:
            listing.gaps = [number for number in listing.gaps if number != page + 1]
        if is_last:
            listing.last += 1
        self._repaged(listing, page, page + 1)

    def _shift(self, listing: Listing, page: int) -> None:
        """Number all later pages anew, to make room for one."""
        listing.places.filter(page__gt=page).update(page=F("page") + 1)
        self._moved.add(listing.pk)
        listing.gaps = [number + (number > page) for number in listing.gaps]
        listing.last += 1
        self.due |= {_page(listing, number) for number in range(page + 1, listing.last + 1)}

    def _remove(self, listing: Listing, place: Place) -> None:
        self._touch_page(listing, place.page)
        place.delete()
        self._count(listing, -1)
        left = _size(listing, place.page)
        if left < rows_of(listing.kind) // 3:
            self._close(listing, place.page, left)

    def _close(self, listing: Listing, page: int, left: int) -> None:
        """A page that has few entries gives them to the next one, and its number up."""
        numbers = listing.numbers
        if left and page == listing.last:
            return
        if left:
            after = numbers[numbers.index(page) + 1]
            if _size(listing, after) + left >= 2 * rows_of(listing.kind):
                return
            listing.places.filter(page=page).update(page=after)
            self._moved.add(listing.pk)
            self.due.add(_page(listing, after))
        numbers.remove(page)
        listing.last = numbers[-1] if numbers else 1
        listing.gaps = sorted(set(range(1, listing.last)).difference(numbers))
        self._repaged(listing, page)

    def _repaged(self, listing: Listing, *pages: int) -> None:
        """Its pages are others now: they and their neighbours, which link to them, change."""
        numbers = listing.numbers
        near = set(pages) | {listing.last}
        for page in pages:
            near |= set(
                [n for n in numbers if n < page][-1:] + [n for n in numbers if n > page][:1]
            )
        self.due |= {_page(listing, number) for number in near}
        self.due.add("sitemap/lists")
        self._changed[listing.pk] = listing

    def _count(self, listing: Listing, more: int) -> None:
        listing.count += more
        self._recent.pop(listing.pk, None)
        self._changed[listing.pk] = listing
        if listing.kind == Kind.CATEGORY:
            node = self.names.nodes.get(int(listing.key))
            if node and node.parent_id:  # it shows how many its children have
                self.touch_bare((Kind.CATEGORY, str(node.parent_id)))

    def _touch_page(self, listing: Listing, page: int) -> None:
        self.due.add(_page(listing, page))
        if listing.kind in FEED_KINDS and page >= self._oldest_recent(listing):
            self.due.add(f"feed/{listing.pk}")

    def _oldest_recent(self, listing: Listing) -> int:
        """The oldest page on which one of the newest FEED_ITEMS entries may stand."""
        if listing.pk not in self._recent:
            self._recent[listing.pk] = _oldest_recent(listing)
        return self._recent[listing.pk]

    def _spell(self, before: Facts | None, after: Facts | None) -> None:
        old = before.tag_slugs if before else {}
        new = after.tag_slugs if after else {}
        for slug in old.keys() | new.keys():
            listing = self.listings.get((Kind.TAG, slug))
            if listing and old.get(slug) != new.get(slug):
                self._respell(listing, old.get(slug), new.get(slug))

    def _respell(self, listing: Listing, old: str | None, new: str | None) -> None:
        was, spellings = listing.name, dict(listing.spellings)
        if old in spellings:
            spellings[old] -= 1
        if new is not None:
            spellings[new] = spellings.get(new, 0) + 1
        listing.spellings = {name: count for name, count in spellings.items() if count > 0}
        self._changed[listing.pk] = listing
        if listing.name != was:
            self.touch((Kind.TAG, listing.key))


def _page(listing: Listing, number: int) -> str:
    return f"page/{listing.pk}/{number}"


def _size(listing: Listing, page: int) -> int:
    return listing.places.filter(page=page).count()


def _oldest_recent(listing: Listing) -> int:
    seen = 0
    for number in reversed(listing.numbers):
        seen += _size(listing, number)
        if seen >= FEED_ITEMS:
            return number
    return 1
