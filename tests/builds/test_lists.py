from __future__ import annotations

import pytest

from builds import index, lists
from builds.shelf import Shelf
from resources.models import DhtStatus
from tests import make

pytestmark = pytest.mark.django_db


def shelf() -> Shelf:
    read = Shelf.read()
    for _ in read.resources():
        pass
    return read


@pytest.mark.parametrize(
    ("total", "newest", "numbered"),
    [(0, 0, []), (1, 1, []), (59, 59, []), (60, 30, [30]), (95, 35, [30, 30])],
)
def test_paged_fills_pages_from_the_oldest(total, newest, numbered):
    rows = list(range(total))

    first, older, archive = lists._paged(rows, "/tags/a/", "/tags/a/")

    assert len(first) == newest
    assert [len(page) for _, _, page, _ in archive] == numbered
    assert older == (f"/tags/a/page/{len(numbered)}/" if numbered else None)
    assert [*(r for _, _, page, _ in archive for r in page[::-1]), *first[::-1]] == rows


def test_pagers_lead_through_all_pages_and_back():
    _, older, archive = lists._paged(list(range(95)), "/latest/", "/")

    assert older == "/latest/page/2/"
    assert [(address, number, pager) for address, number, _, pager in archive] == [
        ("/latest/page/1/", 1, {"newer": "/latest/page/2/"}),
        ("/latest/page/2/", 2, {"newer": "/", "older": "/latest/page/1/"}),
    ]


def test_categories_list_what_lies_below_them():
    films = make.category("Films")
    silent = make.category("Silent", parent=films)
    inside = make.resource(category=silent)

    pages = {page.address: page for page in lists.every(shelf())}

    page = pages["/categories/films/"]
    assert [row["address"] for row in page.params["rows"]] == [f"/resources/{inside.pk}/"]
    assert page.params["children"] == [
        {"name": "Silent", "address": "/categories/films/silent/", "count": 1}
    ]
    assert pages["/categories/films/silent/"].params["crumbs"] == [
        {"name": "Films", "address": "/categories/films/"},
        {"name": "Silent", "address": "/categories/films/silent/"},
    ]
    assert pages["/categories/"].params["categories"] == [
        {"name": "Films", "address": "/categories/films/", "count": 1, "depth": 0},
        {"name": "Silent", "address": "/categories/films/silent/", "count": 1, "depth": 1},
    ]


def test_categories_in_which_nothing_is_public_are_listed_nowhere():
    films, maps = make.category("Films"), make.category("Maps")
    make.resource(category=films)
    make.category("Silent", parent=films)
    make.resource(category=maps, is_probed=False)

    read = shelf()
    pages = {page.address: page for page in lists.every(read)}

    films_alone = {"name": "Films", "address": "/categories/films/", "count": 1}
    assert pages["/"].params["categories"] == [films_alone]
    assert pages["/categories/"].params["categories"] == [films_alone | {"depth": 0}]
    assert pages["/categories/films/"].params["children"] == []
    assert "/categories/maps/" in pages
    assert [c["name"] for c in index._categories(read)] == ["Films", "Maps"]


def test_tags_are_one_by_slug_under_their_commonest_name():
    for name in ("Public Domain", "public domain", "Public Domain"):
        make.resource(tags=[name])

    pages = {page.address: page for page in lists.every(shelf())}

    assert pages["/tags/"].params["tags"] == [
        {"name": "Public Domain", "address": "/tags/public-domain/", "count": 3}
    ]
    assert len(pages["/tags/public-domain/"].params["rows"]) == 3


def test_publishers_of_one_name_have_pages_of_their_own():
    first, second, third = (make.publisher(name=name) for name in ("Ada", "ADA", f"ada {0}"))
    for publisher in (first, second, third):
        make.resource(publisher=publisher)

    addresses = [p.address for p in lists.every(shelf()) if "/publishers/" in p.address]

    assert addresses == ["/publishers/ada/", f"/publishers/ada-{second.pk}/", "/publishers/ada-0/"]


def test_rescue_lists_what_was_not_found():
    make.resource()
    lost = make.resource()
    type(lost).objects.filter(pk=lost.pk).record_health(DhtStatus.STALE, misses=2)

    pages = {page.address: page for page in lists.every(shelf())}

    assert [row["address"] for row in pages["/rescue/"].params["rows"]] == [
        f"/resources/{lost.pk}/"
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_reading_the_catalog_takes_the_same_queries(count, django_assert_num_queries, tmp_path):
    from builds.export import export

    owner = make.publisher()
    for number in range(count):
        parent = make.category()
        row = make.resource(
            category=make.category(parent=parent), tags=[f"t{number}", "all"],
            publisher=make.publisher(name=f"P{number}"), team=make.team(owner, name=f"T{number}"),
        )  # fmt: skip
        assert row.is_public

    with django_assert_num_queries(7):
        done = export(tmp_path / "site", tmp_path)

    assert done.resources == count


def test_groups_are_made_once():
    make.resource(tags=["a"])
    read = shelf()

    for name in ("by_category", "by_tag", "by_publisher", "by_team", "tag_names"):
        assert getattr(read, name) is getattr(read, name)
