from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from builds.data.entry import Entry
from builds.data.taxonomy import CategoryNode, Crumb, Profile, Taxonomy
from builds.listings import page_rows, pagination
from builds.listings.page_table import PageTable
from builds.listings.pagination import FEED_ITEMS, Kind, Pagination, microseconds_of
from builds.listings.repagination import repaginate
from builds.models import EntryRow, Listing, ListingEntry, ListingPage
from builds.run import Progress
from tests import make

pytestmark = pytest.mark.django_db
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    """Three rows, so that pages are cut at six and close when they have none."""
    monkeypatch.setattr(pagination, "PAGE_ROWS", 3)
    monkeypatch.setattr(pagination, "SHARD_ITEMS", 4)
    monkeypatch.setattr(page_rows, "NEWEST_PAGES", page_rows.NEWEST_PAGES)  # a test changes it


def node(pk: int, name: str, parent: CategoryNode | None = None) -> CategoryNode:
    path = f"{parent.path}/{name}" if parent else name
    trail = (*(parent.trail if parent else ()), Crumb(name, path))
    chain = (*(parent.chain if parent else ()), pk)
    root = parent.root_id if parent else pk
    return CategoryNode(
        pk, name, name, parent and parent.id, root, 0, path, len(chain) - 1, trail, chain
    )


ARCHIVE = node(1, "archive")
FILMS = node(2, "films", ARCHIVE)
MAPS = node(3, "maps")
TAXONOMY = Taxonomy(
    categories={each.id: each for each in (ARCHIVE, FILMS, MAPS)},
    publishers={1: Profile("Ada", "ada")},
    teams={1: Profile("Team", "team")},
)


class Desk:
    """Entries by number, and the pages they stand on, one build at a time."""

    def __init__(self) -> None:
        self.entries: dict[int, Entry | None] = {}

    def put(self, *numbers: int, **kwargs) -> set[str]:
        return self.change({number: make.entry(number, **kwargs) for number in numbers})

    def drop(self, *numbers: int) -> set[str]:
        return self.change(dict.fromkeys(numbers))

    def change(self, wanted: dict) -> set[str]:
        """What is due after one build that brings these."""
        pages = Pagination(TAXONOMY)
        pages.align_categories()
        pages.apply({pk: (self.entries.get(pk), entry) for pk, entry in wanted.items()})
        self.entries |= wanted
        for pk in [pk for pk, entry in self.entries.items() if not entry]:
            del self.entries[pk]
        return pages.save()


@pytest.fixture
def desk(db):
    return Desk()


def listing(kind: str = Kind.ALL, key: object = "") -> Listing:
    return Listing.objects.get(kind=kind, key=str(key))


def shown(kind: str = Kind.ALL, key: object = "") -> dict[int, list[int]]:
    """Entries of each page, the oldest first."""
    found: dict[int, list[int]] = {}
    for place in (
        listing(kind, key).entries.select_related("page").order_by("page__number", "at", "entry_id")
    ):
        found.setdefault(place.page.number, []).append(place.entry_id)
    return found


def pages_of(due: set[str], kind: str = Kind.ALL, key: object = "") -> list[int]:
    """Numbers of the pages of a listing that are due."""
    mine = f"page/{listing(kind, key).pk}/"
    return sorted(int(owner.removeprefix(mine)) for owner in due if owner.startswith(mine))


def feed(kind: str = Kind.ALL, key: object = "") -> str:
    return f"feed/{listing(kind, key).pk}"


def test_what_is_new_goes_to_the_last_page_which_is_cut_in_two_when_it_is_full(desk):
    desk.put(*range(1, 6))
    assert shown() == {1: [1, 2, 3, 4, 5]}

    due = desk.put(6)

    assert shown() == {1: [1, 2, 3], 2: [4, 5, 6]}
    assert pages_of(due) == [1, 2]
    assert "sitemap/lists" in due


def test_one_more_touches_the_last_page_alone(desk):
    desk.put(*range(1, 13))

    due = desk.put(13)

    assert shown() == {1: [1, 2, 3], 2: [4, 5, 6], 3: [7, 8, 9], 4: [10, 11, 12, 13]}
    assert pages_of(due) == [4]
    assert "sitemap/lists" not in due


@pytest.mark.parametrize(("number", "page"), [(0, 1), (35, 1), (45, 2), (75, 3)])
def test_what_is_backdated_goes_where_its_neighbours_are(desk, number, page):
    desk.put(*range(10, 100, 10))

    due = desk.put(number)

    assert [n for n, entries in shown().items() if number in entries] == [page]
    assert pages_of(due) == sorted({page, 3})  # and the home page, which counts


def test_of_one_moment_the_later_number_is_the_newer(desk):
    same = START.isoformat()
    desk.put(10, 20, 30, 40, 50, 60, published_at=same)
    assert shown() == {1: [10, 20, 30], 2: [40, 50, 60]}

    desk.put(35, published_at=same)
    desk.put(5, published_at=same)

    assert shown() == {1: [5, 10, 20, 30, 35], 2: [40, 50, 60]}


def test_a_page_in_the_middle_that_is_full_pushes_the_later_ones_on(desk):
    desk.put(*range(10, 100, 10))

    due = desk.put(41, 42, 43)

    assert shown() == {1: [10, 20, 30], 2: [40, 41, 42], 3: [43, 50, 60], 4: [70, 80, 90]}
    assert pages_of(due) == [1, 2, 3, 4]
    assert (listing().last, listing().gaps, listing().count) == (4, [], 12)


def test_a_page_that_lost_all_gives_its_number_up_and_nothing_else_moves(desk):
    desk.put(*range(1, 16))

    due = desk.drop(4, 5, 6)

    assert shown() == {1: [1, 2, 3], 3: [7, 8, 9], 4: [10, 11, 12], 5: [13, 14, 15]}
    assert (listing().gaps, listing().numbers) == ([2], [1, 3, 4, 5])
    assert pages_of(due) == [1, 2, 3, 5]  # neighbours link to each other, home counts


def test_a_number_that_is_free_is_used_again(desk):
    desk.put(*range(10, 130, 10))
    desk.drop(40, 50, 60)

    due = desk.put(11, 12, 13)

    assert shown() == {1: [10, 11, 12], 2: [13, 20, 30], 3: [70, 80, 90], 4: [100, 110, 120]}
    assert listing().gaps == []
    assert pages_of(due) == [1, 2, 3, 4]


def test_a_page_with_few_left_joins_the_next_one(desk, monkeypatch):
    monkeypatch.setattr(pagination, "PAGE_ROWS", 6)
    desk.put(*range(1, 19))

    due = desk.drop(7, 8, 9, 10, 11)

    assert shown() == {1: [1, 2, 3, 4, 5, 6], 3: [12, 13, 14, 15, 16, 17, 18]}
    assert pages_of(due) == [1, 2, 3]


def test_pages_that_join_while_their_entries_go_end_with_all_of_them(desk, monkeypatch):
    monkeypatch.setattr(pagination, "PAGE_ROWS", 6)
    desk.put(*range(1, 25))

    due = desk.drop(*range(7, 14))

    assert shown() == {1: [1, 2, 3, 4, 5, 6], 3: [14, 15, 16, 17, 18], 4: [19, 20, 21, 22, 23, 24]}
    assert pages_of(due) == [1, 2, 3, 4]


def test_entries_that_are_pushed_on_while_others_come_are_found_again(desk):
    desk.put(*range(10, 100, 10))

    desk.change(
        {n: make.entry(n) for n in (31, 32, 33, 34, 35, 36)}
        | {80: None, 90: make.entry(90, title="Another")}
    )

    assert sorted(n for page in shown().values() for n in page) == [
        10, 20, 30, 31, 32, 33, 34, 35, 36, 40, 50, 60, 70, 90,
    ]  # fmt: skip
    check_all(desk.entries)


def test_a_page_with_few_left_stays_if_the_next_one_is_nearly_full(desk, monkeypatch):
    monkeypatch.setattr(pagination, "PAGE_ROWS", 6)
    desk.put(*range(1, 24))  # the last page has eleven

    desk.drop(7, 8, 9, 10, 11)

    assert [len(page) for page in shown().values()] == [6, 1, 11]


def test_the_last_page_that_lost_all_leaves_the_one_before_it_as_the_last(desk):
    desk.put(*range(1, 7))

    due = desk.drop(4, 5, 6)

    assert shown() == {1: [1, 2, 3]}
    assert (listing().last, listing().gaps) == (1, [])
    assert pages_of(due) == [1, 2]


def test_links_to_the_page_that_is_the_last_one_now_are_made_anew(desk):
    desk.put(*range(1, 13))
    before = contents()

    due = desk.drop(10, 11, 12)

    after = contents()
    assert {owner for owner in before | after if before.get(owner) != after.get(owner)} <= due
    assert pages_of(due) == [2, 3, 4]


def test_a_gap_before_the_last_page_goes_with_it(desk):
    desk.put(*range(1, 10))
    desk.drop(4, 5, 6)

    desk.drop(7, 8, 9)

    assert (listing().last, listing().gaps, listing().numbers) == (1, [], [1])


def test_lists_that_are_empty_go_but_those_of_categories_and_of_all(desk):
    desk.put(1, tags=("a",), category=2, team=1)
    tag, month = listing(Kind.TAG, "a").pk, listing(Kind.MONTH, "2026-01").pk

    due = desk.drop(1)

    left = {(x.kind, x.key, x.count, x.last) for x in Listing.objects.all()}
    assert left == {
        ("all", "", 0, 1),
        ("category", "1", 0, 1),
        ("category", "2", 0, 1),
        ("category", "3", 0, 1),
    }
    assert not ListingEntry.objects.exists()
    assert {f"page/{tag}/1", f"feed/{tag}", f"page/{month}/1", "sitemap/lists"} <= due


def test_a_category_counts_what_lies_below_it(desk):
    due = desk.put(1, category=2) | desk.put(2, category=1)

    assert {pk: listing(Kind.CATEGORY, pk).count for pk in TAXONOMY.categories} == {
        1: 2,
        2: 1,
        3: 0,
    }
    assert pages_of(due, Kind.CATEGORY, 1) == [1]


def test_a_parent_whose_child_counts_another_number_is_due(desk):
    desk.put(1, 2, category=2)
    desk.put(*range(10, 19), category=1)  # what is in the child is on the parent's first page

    due = desk.change({1: make.entry(1, category=3)})

    assert pages_of(due, Kind.CATEGORY, 1) == [1, 3]  # it left the first; the bare one counts
    assert pages_of(due, Kind.CATEGORY, 2) == [1]
    assert pages_of(due, Kind.CATEGORY, 3) == [1]


def test_an_entry_that_stays_where_it_is_touches_the_pages_it_is_on(desk):
    desk.put(*range(1, 10), tags=("a",))
    before = shown(), shown(Kind.TAG, "a")

    due = desk.put(2, tags=("a",), title="Another")

    assert (shown(), shown(Kind.TAG, "a")) == before
    assert pages_of(due) == [1, 3]
    assert pages_of(due, Kind.TAG, "a") == [1]
    assert "sitemap/lists" not in due


def test_an_entry_with_another_time_moves(desk):
    desk.put(*range(1, 10))

    desk.change({2: make.entry(2, published_at=(START + timedelta(hours=1)).isoformat())})

    assert shown() == {1: [1, 3], 2: [4, 5, 6], 3: [7, 8, 9, 2]}


def test_months_have_shards_of_their_own(desk):
    later = (START + timedelta(days=40)).isoformat()

    desk.put(*range(1, 9))
    desk.put(9, published_at=later)

    assert shown(Kind.MONTH, "2026-01") == {1: [1, 2, 3, 4], 2: [5, 6, 7, 8]}
    assert shown(Kind.MONTH, "2026-02") == {1: [9]}


def test_a_tag_goes_by_its_commonest_spelling_and_all_its_pages_say_so(desk):
    desk.put(*range(1, 8), tags=("film",))
    assert listing(Kind.TAG, "film").name == "film"

    few = desk.put(*range(8, 15), tags=("FILM",))
    assert listing(Kind.TAG, "film").name == "FILM"  # as many: the first in order
    more = desk.put(1, 2, tags=("Film",))

    assert listing(Kind.TAG, "film").spellings == {"film": 5, "FILM": 7, "Film": 2}
    assert pages_of(few, Kind.TAG, "film") == listing(Kind.TAG, "film").numbers
    assert pages_of(more, Kind.TAG, "film") == [1]


def test_spellings_that_nobody_uses_are_forgotten(desk):
    desk.put(1, 2, tags=("film",))

    desk.put(1, tags=("Film", "FILM"))
    desk.drop(2)

    assert listing(Kind.TAG, "film").spellings == {"Film": 1}


def test_feeds_are_due_when_one_of_their_newest_is(desk):
    desk.put(*range(1, FEED_ITEMS + 10))

    old = desk.put(1, title="Old")
    recent = desk.put(FEED_ITEMS + 5, title="Recent")

    assert (feed() in old, feed() in recent) == (False, True)


def test_months_have_no_feeds(desk):
    desk.put(1)

    due = desk.put(1, title="Another")

    assert {owner for owner in due if owner.startswith("feed/")} == {
        feed(), feed(Kind.CATEGORY, 1), feed(Kind.PUBLISHER, 1),
    }  # fmt: skip


def test_a_category_that_is_gone_takes_its_list_with_it(desk):
    desk.put(1, category=3)
    gone = listing(Kind.CATEGORY, 3).pk

    pages = Pagination(Taxonomy({1: ARCHIVE, 2: FILMS}, TAXONOMY.publishers, TAXONOMY.teams))
    pages.align_categories()
    pages.apply({1: (desk.entries[1], make.entry(1, category=2))})
    due = pages.save()

    assert not Listing.objects.filter(kind=Kind.CATEGORY, key="3").exists()
    assert {f"page/{gone}/1", f"feed/{gone}", "sitemap/lists"} <= due
    assert shown(Kind.CATEGORY, 2) == {1: [1]}


@pytest.mark.parametrize(
    ("moment", "at"),
    [
        ("1970-01-01T00:00:01+00:00", 1_000_000),
        ("1969-12-31T23:59:59.500000+00:00", -500_000),
        ("9999-12-31T23:59:59.999999+00:00", 253402300799_999999),
        ("2026-01-01T01:00:00+01:00", 1767225600_000000),
    ],
)
def test_places_in_time_are_exact(moment, at):
    assert microseconds_of(make.entry(published_at=moment)) == at


# -- what it costs


def queries_of(numbers: range) -> int:
    """How many it takes to work out, and to write, that these come to listings that there are."""
    pages = Pagination(TAXONOMY)
    pages.align_categories()
    with CaptureQueriesContext(connection) as seen:
        pages.apply(
            {n: (None, make.entry(n, category=2, tags=("a", "b", "c"), team=1)) for n in numbers}
        )
        pages.save()
    return len(seen)


def test_many_cost_as_many_queries_as_one(desk, monkeypatch):
    monkeypatch.setattr(pagination, "PAGE_ROWS", 30)
    monkeypatch.setattr(pagination, "SHARD_ITEMS", 1000)
    desk.put(*range(1, 91), category=2, tags=("a", "b", "c"), team=1)

    one, two, hundred = (queries_of(n) for n in (range(100, 101), range(101, 103), range(200, 300)))

    assert one == two
    assert hundred - one <= 3  # pages are cut: their entries are read, and new pages come
    check_pages(listing())


def test_what_goes_costs_as_many_queries_however_much_it_is(desk):
    desk.put(*range(1, 200), tags=("a",))

    def go(numbers) -> int:
        with CaptureQueriesContext(connection) as seen:
            desk.drop(*numbers)
        return len(seen)

    few, many = go(range(50, 60)), go(range(100, 180))

    assert few == many
    check_all(desk.entries)


def test_one_at_the_end_of_a_long_list_reads_its_last_pages_alone(desk, monkeypatch):
    monkeypatch.setattr(page_rows, "NEWEST_PAGES", 3)
    desk.put(*range(1, 299))
    tables: list[PageTable] = []
    real = PageTable.insert
    monkeypatch.setattr(
        PageTable, "insert", lambda self, *args: (tables.append(self), real(self, *args))[1]
    )

    desk.put(300)

    of_all = next(table for table in tables if table.listing.kind == Kind.ALL)
    assert len(of_all.pages) <= 4
    check_all(desk.entries)


# -- whatever comes and goes


EDITS = st.lists(
    st.lists(
        st.tuples(
            st.integers(1, 30),  # the entry
            st.one_of(
                st.none(),  # it goes
                st.tuples(
                    st.integers(0, 60),  # when, in days
                    st.sampled_from([1, 2, 3]),
                    st.sampled_from([(), ("a",), ("A", "b"), ("b",)]),
                    st.sampled_from([None, 1]),
                ),
            ),
        ),
        min_size=1, max_size=12,
    ),
    min_size=1, max_size=8,
)  # fmt: skip


def wanted_of(pk: int, what):
    if what is None:
        return None
    days, category, tags, team = what
    moment = (START + timedelta(days=days)).isoformat()
    return make.entry(pk, published_at=moment, category=category, tags=tags, team=team)


def check_all(entries: dict) -> None:
    keys: dict = {(Kind.ALL, ""): []} | {(Kind.CATEGORY, str(pk)): [] for pk in TAXONOMY.categories}
    spellings: dict = {}
    for each in entries.values():
        for key in pagination.listing_keys(each, TAXONOMY):
            keys.setdefault(key, []).append((microseconds_of(each), each.id))
        for slug, name in each.tag_slugs.items():
            counts = spellings.setdefault(slug, {})
            counts[name] = counts.get(name, 0) + 1
    assert {(x.kind, x.key) for x in Listing.objects.all()} == set(keys)
    for row in Listing.objects.all():
        wanted = sorted(keys[row.kind, row.key])
        stored = row.entries.select_related("page").order_by("page__number", "at", "entry_id")
        # Within pages and over them, in one order: none newer than one on a later page.
        assert [(p.at, p.entry_id) for p in stored] == wanted
        assert row.count == len(wanted)
        check_pages(row)
        sizes: dict[int, int] = {}
        for place in stored:
            sizes[place.page.number] = sizes.get(place.page.number, 0) + 1
        assert row.numbers == (sorted(sizes) or [1])
        assert row.numbers[-1] == row.last
        assert max(sizes.values(), default=0) < 2 * pagination.page_size(row.kind)
        assert row.spellings == (spellings[row.key] if row.kind == Kind.TAG else {})


def check_pages(row: Listing) -> None:
    """The counts that are kept are those of the entries; each begins before all of its own."""
    before = None
    for page in row.pages.order_by("number"):
        places = list(page.entries.order_by("at", "entry_id").values_list("at", "entry_id"))
        assert page.count == len(places) > 0
        assert page.first <= places[0]
        assert before is None or before < page.first
        assert {place.listing_id for place in page.entries.all()} == {row.pk}
        before = places[-1]


@pytest.mark.parametrize("newest", [1, 6])
@hypothesis_settings(suppress_health_check=list(HealthCheck), derandomize=True)
@given(edits=EDITS)
def test_pages_are_whole_whatever_comes_and_goes(newest, edits):
    ListingEntry.objects.all().delete()
    ListingPage.objects.all().delete()
    Listing.objects.all().delete()
    page_rows.NEWEST_PAGES = newest
    desk = Desk()

    for build in edits:
        before = contents()

        due = desk.change({pk: wanted_of(pk, what) for pk, what in build})

        check_all(desk.entries)
        after = contents()
        changed = {owner for owner in before | after if before.get(owner) != after.get(owner)}
        assert changed - due == set()


def contents() -> dict[str, object]:
    """What each page shows: its entries, and its neighbours, of which the last has no number."""
    return {
        f"page/{row.pk}/{number}": (
            list(
                row.entries.filter(page__number=number)
                .order_by("at", "entry_id")
                .values_list("entry_id")
            ),
            near([*row.numbers[:-1], "bare"], row.numbers.index(number)),
        )
        for row in Listing.objects.all()
        for number in row.numbers
    }


def near(numbers: list, here: int) -> tuple[list, list]:
    return numbers[:here][-1:], numbers[here : here + 2]


@pytest.mark.parametrize(
    ("total", "sizes"), [(0, []), (1, [1]), (5, [5]), (6, [3, 3]), (11, [3, 3, 5])]
)
def test_all_at_once_fills_pages_from_the_oldest(total, sizes):
    for number in range(1, total + 1):
        store(make.entry(number, tags=("Film",) if number % 2 else ("film",)))

    repaginate(TAXONOMY, Progress())

    check_all({entry.pk: entry.entry for entry in EntryRow.objects.all()})
    assert [len(page) for page in shown().values()] == sizes


def store(entry) -> None:
    EntryRow.objects.create(
        id=entry.id, entry_json=entry.json, body=b"", source="", dht_status=entry.dht_status,
        missing_since=entry.missing_since or "", published_at=entry.published_at,
    )  # fmt: skip


def test_what_was_placed_at_once_goes_on_one_by_one(desk):
    for number in range(1, 12):
        store(make.entry(number))
        desk.entries[number] = make.entry(number)
    repaginate(TAXONOMY, Progress())

    desk.put(12)

    assert shown() == {1: [1, 2, 3], 2: [4, 5, 6], 3: [7, 8, 9], 4: [10, 11, 12]}
    check_all(desk.entries)
