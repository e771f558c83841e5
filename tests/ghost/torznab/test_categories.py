"""A search is narrowed by the numbers of categories, and each category has a standard one."""

import pytest

from ghost.torznab.categories import Numbers
from tests import make
from tests.ghost.torznab.answers import titles

pytestmark = pytest.mark.django_db


def test_search_is_narrowed_by_categories(ask):
    films = make.category("Films", torznab_id=2000)
    sharp = make.category("Sharp", parent=films, torznab_id=2040)
    maps = make.category("Maps")
    for category in (films, sharp, maps):
        make.resource(title=category.name, category=category)

    def narrowed(*numbers):
        return sorted(titles(ask(make.admin(), t="search", cat=",".join(map(str, numbers)))))

    assert narrowed(2000) == ["Films", "Sharp"]
    assert narrowed(2040) == ["Sharp"]
    assert narrowed(2040, 100_000 + maps.pk) == ["Maps", "Sharp"]
    assert narrowed(100_000 + films.pk) == ["Films", "Sharp"]
    assert narrowed(5000, 4) == []
    assert narrowed(8000) == ["Maps"]
    assert narrowed(*range(9001, 9200), 10**9 - 1) == []


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("Films", [2000]),
        ("Short films", [2000]),
        ("TV Shows", [5000]),
        ("剧集", [5000]),
        ("Ébooks", [7000, 7020]),
        ("Audio Books", [3000, 3030]),
        ("Linux", [4000, 4020]),
        ("Filmstrips", [8000]),
    ],
)
def test_a_category_without_a_number_goes_by_its_name(name, numbers):
    row = make.category(name)
    below = make.category("Anything", parent=row)

    known = Numbers.read()

    assert known.of_category(row.pk) == (*numbers, 100_000 + row.pk)
    assert known.of_category(below.pk) == (*numbers, 100_000 + row.pk, 100_000 + below.pk)


def test_a_number_that_an_operator_gave_counts_more_than_a_name():
    films = make.category("Films", torznab_id=5080)
    anime = make.category("Anime", parent=films)

    assert Numbers.read().of_category(anime.pk)[:2] == (5000, 5080)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("2000,", ["One"]),
        (",2000, 5000", ["One"]),
        (",", ["One"]),
        ("nonsense", []),
        ("nonsense,2000", ["One"]),
        ("9" * 5000, []),
        (",".join(map(str, range(1000, 3000))), ["One"]),
    ],
    ids=["comma at the end", "blanks", "none", "words", "a word", "too long", "thousands"],
)
def test_whatever_stands_among_the_categories_is_answered(ask, asked, found):
    make.resource(title="One", category=make.category("Films"))

    assert titles(ask(make.admin(), t="search", cat=asked)) == found
