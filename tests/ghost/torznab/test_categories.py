"""A search is narrowed by the numbers of categories."""

import pytest

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
    assert narrowed(*range(9001, 9200), 10**9 - 1) == []
