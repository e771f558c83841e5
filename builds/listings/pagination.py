"""Which entry stands on which page of which listing, and how one change moves it.

Pages are numbered from the oldest. A page keeps its number and its entries: what is new goes to
the last page, which is cut in two when it is full, so one change touches one page of each
listing, or two.

What changes is worked out in memory, by a few queries however much it is; then it is written, by a
few again: other writers wait for that alone. See docs/decisions/0027.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from builds.data.entry import Entry
from builds.data.taxonomy import Taxonomy
from builds.listings import archives, page_rows
from builds.listings.page_table import Move, PageTable, Standing
from builds.models import Listing

Kind = Listing.Kind
ListingKey = tuple[str, str]
Change = tuple[Entry | None, Entry | None]
"""An entry before and after."""
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
    """When it became public, in microseconds since 1970: entries of a page stand in this order."""
    return (datetime.fromisoformat(entry.became_public_at) - EPOCH) // timedelta(microseconds=1)


def page_size(kind: str) -> int:
    """How many entries a page of a listing has at least, but for a hole; its last page has up to
    twice as many."""
    return SHARD_ITEMS if kind == Kind.MONTH else PAGE_ROWS


class Pagination:
    """The listings and their pages as one build changes them.

    Only the build that holds the claim writes them, so what was read stays true until then.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.taxonomy = taxonomy
        self._tables: dict[ListingKey, PageTable] = {}
        self._by_pk: dict[int, PageTable] = {}
        self._looked_for: set[ListingKey] = set()
        self._changed: set[ListingKey] = set()
        self._dropped: list[Listing] = []
        self._bare_pages: set[ListingKey] = set()
        self._feeds: set[ListingKey] = set()
        self._due: set[str] = set()
        """Owners that are due besides the pages and feeds of listings that are there."""

    # -- what a build asks for

    def apply(self, changes: Mapping[int, Change]) -> None:
        """Entries came, changed or went: bring what the listings have of them into agreement."""
        moves = list(self._moves(changes))
        page_rows.read(moves, page_size)
        for move in moves:
            self._carry_out(move)
        for before, after in changes.values():
            self._count_spellings(before, after)

    def align_categories(self) -> None:
        """Make a listing for each category, and drop those of categories that are gone."""
        self._take(Listing.objects.filter(kind__in=LASTING))
        keys = {(str(Kind.CATEGORY), str(pk)) for pk in self.taxonomy.categories}
        self._looked_for |= {*keys, (Kind.ALL, "")}
        for key in [(str(Kind.ALL), ""), *sorted(keys)]:
            self._table(key)
        for key in [key for key in self._tables if key[0] == Kind.CATEGORY and key not in keys]:
            self._drop(key)

    def mark_listing(self, key: ListingKey) -> None:
        """A listing's name or address changed: all its pages and its feed do."""
        self._find({key})
        if table := self._tables.get(key):
            table.changes.due |= set(table.listing.numbers)
            self._feeds.add(key)
            self._due.add("sitemap/lists")

    def mark_bare_page(self, key: ListingKey) -> None:
        """What only the bare page of a listing (its newest) shows has changed."""
        self._find({key})
        if key in self._tables:
            self._bare_pages.add(key)

    def save(self) -> set[str]:
        """Write the listings, drop the empty ones; what is due since the last time: owners (see
        `builds.pages.outputs`)."""
        self._find({(Kind.ALL, "")})
        for key in sorted(self._changed):
            if not self._tables[key].listing.count and key[0] not in LASTING:
                self._drop(key)
        page_rows.drop(self._dropped)
        written = [self._tables[key] for key in sorted(self._changed)]
        page_rows.write(written)
        self._by_pk |= {table.listing.pk: table for table in written}
        due = self._take_due()
        self._changed, self._dropped = set(), []
        return due

    # -- which listings there are

    def _moves(self, changes: Mapping[int, Change]) -> Iterator[Move]:
        """From where to where the entries go, in order; those that stay included."""
        wanted = {
            pk: listing_keys(after, self.taxonomy) if after else []
            for pk, (_, after) in changes.items()
        }
        standing = page_rows.standing(wanted)
        self._find({key for keys in wanted.values() for key in keys})
        self._find_by_pk({listing for places in standing.values() for listing in places})
        for pk, (_, after) in changes.items():
            at = microseconds_of(after) if after else None
            yield from self._moves_of(pk, at, wanted[pk], standing[pk])

    def _moves_of(
        self, pk: int, at: int | None, wanted: list[ListingKey], standing: dict[int, Standing]
    ) -> Iterator[Move]:
        tables = list(dict.fromkeys(self._table(key) for key in wanted))
        for listing_id, old in standing.items():
            table = self._by_pk.get(listing_id)
            if table and table not in tables:
                yield Move(table, pk, old, None)
        for table in tables:
            yield Move(table, pk, standing.get(table.listing.pk), at)

    def _table(self, key: ListingKey) -> PageTable:
        """That of a listing which was looked for; a new one if there was none."""
        if key not in self._tables:
            table = self._tables[key] = PageTable(Listing(kind=key[0], key=key[1]))
            table.mark_neighbours()
            self._changed.add(key)
            self._bare_pages.add(key)
            self._feeds.add(key)
        return self._tables[key]

    def _find(self, keys: set[ListingKey]) -> None:
        """Read these listings, as far as nobody has looked for them."""
        if unknown := keys - self._looked_for - self._tables.keys():
            self._take(page_rows.listings(unknown))
            self._looked_for |= unknown

    def _find_by_pk(self, keys: set[int]) -> None:
        if unknown := keys - self._by_pk.keys() - {listing.pk for listing in self._dropped}:
            self._take(Listing.objects.filter(pk__in=unknown))

    def _take(self, rows: Iterable[Listing]) -> None:
        for listing in rows:
            key = (listing.kind, listing.key)
            if key not in self._tables:
                self._tables[key] = self._by_pk[listing.pk] = PageTable(listing)

    def _drop(self, key: ListingKey) -> None:
        table = self._tables.pop(key)
        if table.listing.pk:
            owned = {*table.changes.due, *table.listing.numbers}
            self._due |= {_owner(table.listing, number) for number in owned}
            self._due |= _archives(table, owned)
            self._due |= {f"feed/{table.listing.pk}", "sitemap/lists"}
            self._dropped.append(table.listing)
            del self._by_pk[table.listing.pk]
        self._looked_for.add(key)
        for noted in (self._changed, self._bare_pages, self._feeds):
            noted.discard(key)

    # -- one entry in one listing

    def _carry_out(self, move: Move) -> None:
        table, old = move.table, move.old
        if move.is_going:
            assert old  # noqa: S101  # it stands somewhere
            self._mark_page(table, table.number_of(move.entry_id, old.page_id) or old.number)
            table.remove(move.entry_id, old.at, old.page_id, page_size(table.listing.kind))
        if move.is_coming:
            assert move.at is not None  # noqa: S101  # it is wanted there
            number = table.insert(move.entry_id, move.at, page_size(table.listing.kind))
            self._mark_page(table, number)
        elif old and not move.is_going:
            self._mark_page(table, table.number_of(move.entry_id, old.page_id) or old.number)
        if move.is_coming or move.is_going:
            self._note_count(table.listing)

    def _mark_page(self, table: PageTable, number: int) -> None:
        table.changes.due.add(number)
        key = (table.listing.kind, table.listing.key)
        is_open = key[0] in FEED_KINDS and key not in self._feeds
        is_newest = number == table.listing.last
        if is_open and (is_newest or number >= table.oldest_recent(FEED_ITEMS)):
            self._feeds.add(key)

    def _note_count(self, listing: Listing) -> None:
        self._changed.add((listing.kind, listing.key))
        if listing.kind == Kind.CATEGORY:
            node = self.taxonomy.categories.get(int(listing.key))
            if node and node.parent_id:  # it shows how many its children have
                self.mark_bare_page((Kind.CATEGORY, str(node.parent_id)))

    def _count_spellings(self, before: Entry | None, after: Entry | None) -> None:
        old = before.tag_slugs if before else {}
        new = after.tag_slugs if after else {}
        for slug in old.keys() | new.keys():
            table = self._tables.get((Kind.TAG, slug))
            if table and old.get(slug) != new.get(slug):
                self._count_spelling(table.listing, old.get(slug), new.get(slug))

    def _count_spelling(self, listing: Listing, old: str | None, new: str | None) -> None:
        was, spellings = listing.name, dict(listing.spellings)
        if old in spellings:
            spellings[old] -= 1
        if new is not None:
            spellings[new] = spellings.get(new, 0) + 1
        listing.spellings = {name: count for name, count in spellings.items() if count > 0}
        self._changed.add((Kind.TAG, listing.key))
        if listing.name != was:
            self.mark_listing((Kind.TAG, listing.key))

    # -- what is due

    def _take_due(self) -> set[str]:
        due, self._due = self._due, set()
        for key, table in self._tables.items():
            numbers = table.changes.due
            archived = archives.due(table.listing, table.last_before, numbers)
            due |= {f"archive/{table.listing.pk}/{number}" for number in archived}
            if key[0] in archives.KEPT and _is_told_by_feed(table.listing, numbers, archived):
                self._feeds.add(key)
            if key[0] == Kind.ALL or key in self._bare_pages:  # home counts all
                numbers.add(table.listing.last)
            due |= {_owner(table.listing, number) for number in numbers}
            if table.changes.is_renumbered:
                due.add("sitemap/lists")
            table.forget_changes()
        due |= {f"feed/{self._tables[key].listing.pk}" for key in self._feeds}
        self._bare_pages, self._feeds = set(), set()
        return due


def _owner(listing: Listing, number: int) -> str:
    return f"page/{listing.pk}/{number}"


def _is_told_by_feed(listing: Listing, numbers: set[int], archived: set[int]) -> bool:
    """Whether one of these pages, or the name of the newest archive, stands in the feed."""
    newest = max(archives.pages(listing), default=1) if archived else 0
    is_linked = bool(archived) and max(archived) >= newest
    return is_linked or max(numbers, default=0) >= archives.first_open_page(listing)


def _archives(table: PageTable, numbers: set[int]) -> set[str]:
    listing = table.listing
    found = archives.due(listing, table.last_before, numbers)
    return {f"archive/{listing.pk}/{number}" for number in found}
