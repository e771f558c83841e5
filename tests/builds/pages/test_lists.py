from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from builds.data.records import Page
from builds.engine.sync import sync
from builds.listings.reader import Reader
from builds.models import Listing
from builds.pages import lists
from builds.pages.outputs import RecordMaker
from builds.run import Progress
from resources.models import Category, DhtStatus
from teams.models import Token
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    monkeypatch.setattr("builds.listings.pagination.PAGE_ROWS", 3)


def reader() -> Reader:
    return Reader.open(sync(Progress(), everything=False))


def pages() -> dict[str, dict]:
    """Every list page of the catalog as Hugo reads it, by its address."""
    maker = RecordMaker(reader())
    made = [record for _, record in maker.listing_records()]
    told = {record.address: (record.digest, record.size) for record in made}
    made += [record for _, record in maker.remaining_records(told)]
    plain = (json.loads(page.json) for page in made if isinstance(page, Page))
    return {page["address"]: page for page in plain}


def shown(page: dict) -> list[str]:
    return [row["address"] for row in page["rows"]]


def of(*rows) -> list[str]:
    return [f"/resources/{row.pk}/" for row in rows]


def test_rows_stand_newest_first_and_pagers_lead_through_all_pages_and_back():
    rows = [make.resource(tags=["a"], published_at=moment(number)) for number in range(11)]

    found = pages()

    bare, first, second = (found[f"/tags/a/{name}"] for name in ("", "page/1/", "page/2/"))
    assert [shown(page) for page in (bare, second, first)] == [
        of(*rows[:5:-1]), of(*rows[5:2:-1]), of(*rows[2::-1]),
    ]  # fmt: skip
    assert [page["params"].get("page") for page in (bare, first, second)] == [None, 1, 2]
    assert [page["params"]["pager"] for page in (bare, second, first)] == [
        {"older": "/tags/a/page/2/"},
        {"newer": "/tags/a/", "older": "/tags/a/page/1/"},
        {"newer": "/tags/a/page/2/"},
    ]
    assert [address for address in found if address.startswith("/tags/a/")] == [
        "/tags/a/page/1/", "/tags/a/page/2/", "/tags/a/",
    ]  # fmt: skip


def moment(day: int) -> datetime:
    return datetime(2026, 1, 1 + day, tzinfo=UTC)


def test_pagers_step_over_numbers_that_are_no_more():
    rows = [make.resource(tags=["a"], published_at=moment(number)) for number in range(9)]
    reader()
    for row in rows[3:6]:
        row.take_down(reason="asked", by="test")

    found = pages()

    assert found["/tags/a/"]["params"]["pager"] == {"older": "/tags/a/page/1/"}
    assert found["/tags/a/page/1/"]["params"]["pager"] == {"newer": "/tags/a/"}
    assert "/tags/a/page/2/" not in found


def test_home_has_the_newest_and_leads_to_the_older_ones():
    rows = [make.resource(published_at=moment(number)) for number in range(7)]

    found = pages()

    assert shown(found["/"]) == of(*rows[:2:-1])
    assert found["/"]["params"]["older"] == "/latest/page/1/"
    assert found["/latest/page/1/"]["params"]["pager"] == {"newer": "/"}
    assert (found["/"]["params"]["count"], found["/"]["params"]["active"]) == (7, 7)


def test_categories_list_what_lies_below_them():
    films = make.category("Films")
    silent = make.category("Silent", parent=films)
    inside = make.resource(category=silent)

    found = pages()

    page = found["/categories/films/"]
    assert shown(page) == of(inside)
    assert page["params"]["children"] == [
        {"name": "Silent", "address": "/categories/films/silent/", "count": 1}
    ]
    assert found["/categories/films/silent/"]["params"]["crumbs"] == [
        {"name": "Films", "address": "/categories/films/"},
        {"name": "Silent", "address": "/categories/films/silent/"},
    ]
    assert found["/categories/"]["params"]["categories"] == [
        {"name": "Films", "address": "/categories/films/", "count": 1, "depth": 0},
        {"name": "Silent", "address": "/categories/films/silent/", "count": 1, "depth": 1},
    ]


def test_categories_in_which_nothing_is_public_are_listed_nowhere():
    films, maps = make.category("Films"), make.category("Maps")
    make.resource(category=films)
    make.category("Silent", parent=films)
    make.resource(category=maps, is_probed=False)

    found = pages()

    films_alone = {"name": "Films", "address": "/categories/films/", "count": 1}
    assert found["/"]["params"]["categories"] == [films_alone]
    assert found["/categories/"]["params"]["categories"] == [films_alone | {"depth": 0}]
    assert found["/categories/films/"]["params"]["children"] == []
    assert shown(found["/categories/maps/"]) == []


def test_categories_stand_in_the_order_that_their_editors_gave():
    for name, order in (("B", 1), ("C", 2), ("A", 3)):
        make.resource(category=make.category(name, sort_order=order))
    assert [c["name"] for c in pages()["/"]["params"]["categories"]] == ["B", "C", "A"]

    row = Category.objects.get(name="A")
    row.sort_order = 0
    row.store()

    assert [c["name"] for c in pages()["/"]["params"]["categories"]] == ["A", "B", "C"]


def test_tags_are_one_by_slug_under_their_commonest_name():
    for name in ("Public Domain", "public domain", "Public Domain"):
        make.resource(tags=[name])

    found = pages()

    assert found["/tags/"]["params"]["tags"] == [
        {"name": "Public Domain", "address": "/tags/public-domain/", "count": 3}
    ]
    assert len(found["/tags/public-domain/"]["rows"]) == 3
    assert found["/tags/public-domain/"]["title"] == "Public Domain"


def test_home_names_the_tags_that_are_used_most(monkeypatch):
    monkeypatch.setattr(lists, "HOME_TAGS", 2)
    for tags in (["a", "c"], ["b", "c"], ["d", "b"]):
        make.resource(tags=tags)

    found = pages()

    assert [tag["name"] for tag in found["/"]["params"]["tags"]] == ["b", "c"]
    assert [tag["name"] for tag in found["/tags/"]["params"]["tags"]] == ["a", "b", "c", "d"]


def test_publishers_of_one_name_have_pages_of_their_own():
    first, second, third = (make.publisher(name=name) for name in ("Ada", "Ben", "ada 0"))
    Token.objects.filter(pk=second.pk).update(display_name="ADA")
    for publisher in (first, second, third):
        make.resource(publisher=publisher)

    addresses = {address for address in pages() if "/publishers/" in address}

    assert addresses == {"/publishers/ada/", f"/publishers/ada-{second.pk}/", "/publishers/ada-0/"}


def test_teams_have_pages_of_their_own():
    owner = make.publisher()
    row = make.resource(publisher=owner, team=make.team(owner, name="Restorers"))
    make.resource(publisher=owner)

    found = pages()

    assert shown(found["/teams/restorers/"]) == of(row)
    assert found["/teams/restorers/"]["params"]["feed"] == "/feeds/teams/restorers"


def test_rescue_lists_what_went_missing_last_first():
    make.resource()
    lost, latest = make.resource(), make.resource()
    for row in (lost, latest):
        make.checked(row.alone(), DhtStatus.STALE, misses=2)
    make.checked(lost.alone(), DhtStatus.STALE, misses=3)

    assert shown(pages()["/rescue/"]) == of(latest, lost)


def test_every_address_is_one_of_a_page():
    for number in range(7):
        make.resource(tags=["a"], published_at=moment(number))
    found = pages()

    addresses = lists.every_address(reader())

    assert addresses == sorted(found.keys() - {"/404.html"})


def test_feeds_lie_beside_their_lists():
    owner = make.publisher()
    films = make.category("Films", parent=make.category("Archive"))
    make.resource(category=films, tags=["C++"], publisher=owner, team=make.team(owner))
    read = reader()

    found = {
        (row.kind, lists.base_of(read, row), lists.feed_of(read, row))
        for row in Listing.objects.exclude(kind="month")
    }

    assert found == {
        ("all", "/", "/feeds/all"),
        ("category", "/categories/archive/", "/feeds/categories/archive"),
        ("category", "/categories/archive/films/", "/feeds/categories/archive/films"),
        ("tag", "/tags/c-plus-plus/", "/feeds/tags/c-plus-plus"),
        ("publisher", "/publishers/ada/", "/feeds/publishers/ada"),
        ("team", "/teams/team/", "/feeds/teams/team"),
    }
