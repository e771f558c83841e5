from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from builds.engine import incremental
from builds.engine.incremental import Delta
from builds.models import Due, Listing, Output
from resources.models import Category, ProbeStatus, Resource
from teams.models import Token
from tests import make
from tests.builds import exports
from tests.stories.site.test_same_bytes import Editor

pytestmark = pytest.mark.django_db
SEEDS = range(int(os.environ.get("SAME_BYTES_SEEDS", "2")))
MANIFEST = {"index/manifest.json"}
"""It says when the last change was."""


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    monkeypatch.setattr("builds.listings.pagination.PAGE_ROWS", 3)
    monkeypatch.setattr("builds.listings.pagination.SHARD_ITEMS", 4)


COUNTS = {
    "about/index.html", "categories/index.html", "tags/index.html", "index/tags.json",
    "index/categories.json",
}  # fmt: skip
"""They say how many there are, of all and of each kind."""


def feeds(*stems: str) -> set[str]:
    return {f"feeds/{stem}.{ending}" for stem in stems for ending in ("xml", "atom", "json")}


def pages(*names: str) -> set[str]:
    return {f"{name}/index.html" for name in names}


class Catalog:
    """Ten resources of Ada's, a day apart, the first four in films; and two later ones of Bob's."""

    def __init__(self) -> None:
        self.ada, self.bob = make.publisher(name="Ada"), make.publisher(name="Bob")
        self.archive = make.category("Archive")
        self.films = make.category("Films", parent=self.archive)
        self.maps = make.category("Maps")
        self.rows = [self.add(n, category=self.films if n < 4 else self.maps) for n in range(10)]
        self.others = [
            self.add(day, publisher=self.bob, category=self.maps, tags=tags)
            for day, tags in ((20, ["Lonely"]), (21, []))
        ]
        exports.everything()

    def add(self, day: int, **kwargs) -> Resource:
        moment = datetime(2026, 1, 1 + day, tzinfo=UTC)
        given: dict[str, Any] = {"publisher": self.ada, "tags": ["a"], "published_at": moment}
        return make.resource(**given | kwargs)


def archive(catalog: Catalog) -> str:
    """What the first three of four pages of all stand in."""
    return f"archive/all/1-{catalog.rows[8].pk}"


@pytest.fixture
def catalog():
    return Catalog()


def listing(kind: str, key: object = "") -> Listing:
    return Listing.objects.get(kind=kind, key=str(key))


def test_the_catalog_lies_as_these_tests_say(catalog):
    assert (listing("all").last, listing("tag", "a").last, listing("month", "2026-01").last) == (
        4, 3, 3,
    )  # fmt: skip
    assert (listing("category", catalog.films.pk).last, listing("category", catalog.maps.pk).last) == (1, 2)  # fmt: skip


def test_a_title_changes_its_page_its_rows_and_its_feeds(catalog):
    row = catalog.rows[0]
    row.title = "Another"
    row.store()

    changed = exports.change()

    assert changed.files == MANIFEST | {"index/index-2026-01-1.json"} | pages(
        f"resources/{row.pk}", "latest/page/1", "tags/a/page/1", "publishers/ada/page/1",
        "categories/archive", "categories/archive/films",
    ) | feeds(
        "all", "tags/a", "publishers/ada", "categories/archive", "categories/archive/films", archive(catalog),
    )  # fmt: skip
    assert changed.removed == set()
    assert "search/manifest.json" in changed.search


def test_a_new_one_changes_the_last_pages_of_its_lists(catalog):
    row = catalog.add(22, category=catalog.archive)

    changed = exports.change()

    assert changed.files == MANIFEST | COUNTS | {
        "index.html", "index/index-2026-01.json", "sitemaps/resources-0.xml",
    } | pages(
        f"resources/{row.pk}", "tags/a", "publishers/ada", "categories/archive",
    ) | feeds("all", "tags/a", "publishers/ada", "categories/archive")  # fmt: skip
    assert changed.removed == set()


def test_a_takedown_changes_the_pages_it_was_on_and_takes_its_own(catalog):
    catalog.rows[5].take_down(reason="asked", by="test")

    changed = exports.change()

    assert changed.files == MANIFEST | COUNTS | {
        "index.html", "index/index-2026-01-2.json", "sitemaps/resources-0.xml",
    } | pages(
        "latest/page/2", "tags/a/page/2", "publishers/ada/page/2", "categories/maps/page/1",
    ) | feeds("all", "tags/a", "publishers/ada", "categories/maps", archive(catalog))  # fmt: skip
    assert changed.removed == pages(f"resources/{catalog.rows[5].pk}")


def test_the_last_of_a_tag_and_of_a_publisher_takes_their_pages_along(catalog):
    for row in catalog.others:
        row.take_down(reason="asked", by="test")

    changed = exports.change()

    own = pages(*(f"resources/{row.pk}" for row in catalog.others))
    assert changed.removed == own | pages("tags/lonely", "publishers/bob") | feeds(
        "tags/lonely", "publishers/bob"
    )
    assert {"feeds.opml", "sitemaps/pages-1.xml", "index/tags.json"} <= changed.files


def test_another_tag_changes_both_tags_and_the_rows(catalog):
    row = catalog.rows[9]
    row.tags = ["b"]
    row.store()

    changed = exports.change()

    assert changed.files == MANIFEST | {
        "index.html", "index/index-2026-01.json", "index/tags.json", "feeds.opml",
        "sitemaps/pages-1.xml",
    } | pages(
        f"resources/{row.pk}", "publishers/ada", "categories/maps", "tags/a", "tags/b", "tags",
    ) | feeds("all", "publishers/ada", "categories/maps", "tags/a", "tags/b")  # fmt: skip
    assert changed.removed == set()


def test_another_category_changes_both_their_parents_and_the_rows(catalog):
    row = catalog.rows[3]
    row.category = catalog.maps
    row.store()

    changed = exports.change()

    assert changed.files == MANIFEST | {"index.html"} | pages(
        f"resources/{row.pk}", "latest/page/2", "tags/a/page/2", "publishers/ada/page/2",
        "categories/archive", "categories/archive/films", "categories/maps/page/1", "categories",
    ) | feeds(
        "all", "tags/a", "publishers/ada", "categories/archive", "categories/archive/films",
        "categories/maps", archive(catalog),
    ) | {"index/index-2026-01-1.json", "index/categories.json"}  # fmt: skip
    assert changed.removed == set()


def test_another_place_of_a_category_moves_its_pages(catalog):
    films = Category.objects.get(pk=catalog.films.pk)
    films.parent = catalog.maps
    films.store()

    changed = exports.change()

    assert changed.removed == pages("categories/archive/films") | feeds("categories/archive/films")
    moved = pages("categories/maps/films", *(f"resources/{row.pk}" for row in catalog.rows[:4]))
    assert moved | feeds("categories/maps/films") <= changed.files
    assert f"resources/{catalog.rows[4].pk}/index.html" not in changed.files


def test_nothing_new_changes_nothing(catalog):
    changed = exports.change()

    assert (changed.delta.is_empty, changed.files, changed.removed, changed.search) == (
        True, set(), set(), set(),
    )  # fmt: skip
    assert not Due.objects.exists()


def test_a_page_of_which_nothing_differs_is_not_made_anew(catalog):
    Due.objects.add({f"entry/{catalog.rows[0].pk}": None, "site": None})

    assert exports.change().delta.is_empty


def test_an_address_that_another_page_takes_over_stays(catalog):
    """When the last page is cut in two, the bare address goes over to the newer half."""
    before = Output.objects.get(address="/tags/a/").owner
    for day in (21, 22, 23):
        catalog.add(day, category=catalog.maps)

    changed = exports.change()

    tag = listing("tag", "a")
    assert (before, tag.last) == (f"page/{tag.pk}/3", 4)
    owners = {
        row.address: row.owner for row in Output.objects.filter(owner__startswith=f"page/{tag.pk}/")
    }
    assert (owners["/tags/a/"], owners["/tags/a/page/3/"]) == (
        f"page/{tag.pk}/4", f"page/{tag.pk}/3",
    )  # fmt: skip
    assert pages("tags/a", "tags/a/page/3") <= changed.files
    assert changed.removed == set()


def test_an_address_that_goes_back_to_an_older_page_stays(catalog):
    for row in catalog.rows[6:]:
        row.take_down(reason="asked", by="test")

    changed = exports.change()

    tag = listing("tag", "a")
    assert Output.objects.get(address="/tags/a/").owner == f"page/{tag.pk}/{tag.last}"
    assert tag.last == 2
    assert "tags/a/index.html" in changed.files
    assert pages("tags/a/page/2") <= changed.removed
    assert "tags/a/index.html" not in changed.removed


def test_categories_that_change_places_keep_their_addresses(catalog):
    for pk, slug in ((catalog.maps.pk, "other"), (catalog.archive.pk, "maps"), (catalog.maps.pk, "archive")):  # fmt: skip
        row = Category.objects.get(pk=pk)
        row.slug = slug
        row.store()

    changed = exports.change()

    assert changed.removed == pages("categories/archive/films", "categories/maps/page/1") | feeds(
        "categories/archive/films"
    )
    assert (
        pages("categories/archive", "categories/maps", "categories/archive/page/1") <= changed.files
    )


# -- pages that Hugo can't render


def page_row(address: str) -> Output:
    return Output(address=address, owner="entry/1", is_page=True, digest="x", size_bytes=1)


def test_a_page_set_aside_is_taken_away_in_that_language_alone(configure):
    configure(site_languages=("en", "zh-hans"))
    delta = Delta({"/resources/1/": page_row("/resources/1/")})

    delta.note_set_aside(["/zh-hans/resources/1/"])

    assert delta.files() == ["resources/1/index.html"]
    assert delta.removed_files() == ["zh-hans/resources/1/index.html"]
    assert delta.rows["/resources/1/"].languages_set_aside == "zh-hans"


def test_a_page_set_aside_in_both_languages_is_named_so(configure):
    configure(site_languages=("en", "zh-hans"))
    delta = Delta({"/": page_row("/"), "/tags/a/": page_row("/tags/a/")})

    delta.note_set_aside(["/zh-hans/tags/a/", "/tags/a/"])
    incremental.store(delta)

    assert delta.files() == ["index.html", "zh-hans/index.html"]
    assert delta.removed_files() == ["tags/a/index.html", "zh-hans/tags/a/index.html"]
    assert incremental.files_set_aside() == {"tags/a/index.html", "zh-hans/tags/a/index.html"}
    assert Output.objects.get(pk="/tags/a/").files == []


def test_what_goes_and_comes_again_is_not_removed():
    delta = Delta({"/tags/a/": page_row("/tags/a/")}, {"/tags/b/": page_row("/tags/b/")})

    assert delta.removed_files() == ["tags/b/index.html"]


# -- whatever is edited


@pytest.mark.parametrize("seed", SEEDS)
def test_records_are_those_of_a_full_build_whatever_is_edited(seed):
    editor = Editor(seed)
    public = exports.everything()

    for number in range(8):
        changed = [editor.at_random() for _ in range(editor.rng.randint(1, 5))]
        exports.change(number + 2)

        wanted, files = exports.rows_of_all()
        assert exports.rows() == wanted, changed
        assert exports.files(public) == files, changed


# -- how much it asks


def edit(row: Resource) -> None:
    row.title += " edited"
    row.store()


def fill(numbers: range) -> None:
    """Resources of these numbers, an hour apart: light ones, since only how many there are matters."""
    films = Category.objects.first() or make.category()
    owner = Token.objects.first() or make.publisher()
    Resource.objects.bulk_create(
        Resource(
            title=f"Work {number}", magnet_uri=make.magnet(v1), magnet_hash=v1, category=films,
            publisher=owner, tags=[f"tag {number % 3}"], probe_status=ProbeStatus.SKIPPED,
            published_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number),
        )
        for number in numbers
        for v1 in [make.info_hash()]
    )  # fmt: skip
    exports.everything()


@pytest.mark.parametrize("place", [0, -1], ids=["oldest", "newest"])
def test_an_edit_takes_no_more_queries_in_a_larger_catalog(monkeypatch, place):
    monkeypatch.setattr("builds.listings.pagination.PAGE_ROWS", 10)
    monkeypatch.setattr("builds.listings.pagination.SHARD_ITEMS", 20)
    for module in ("listings.pagination", "pages.outputs"):
        monkeypatch.setattr(f"builds.{module}.FEED_ITEMS", 8)
    counts = []

    for numbers in (range(40), range(40, 400)):
        fill(numbers)
        edit(list(Resource.objects.order_by("published_at"))[place])
        with CaptureQueriesContext(connection) as found:
            exports.change(numbers[-1])
        counts.append(len(found))

    assert counts[1] <= counts[0] + 3  # its three feeds name their newest archives now
