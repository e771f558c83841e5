from __future__ import annotations

import pytest

from builds.data.taxonomy import Crumb, Taxonomy
from teams.models import Token
from tests import make

pytestmark = pytest.mark.django_db


def test_a_category_knows_its_way_from_the_root():
    archive = make.category("Archive")
    films = make.category("Films", parent=archive)

    node = Taxonomy.from_catalog().categories[films.pk]

    assert (node.path, node.depth, node.root_id) == ("archive/films", 1, archive.pk)
    assert node.trail == (Crumb("Archive", "archive"), Crumb("Films", "archive/films"))
    assert node.chain == (archive.pk, films.pk)


def test_the_first_of_a_name_has_the_bare_slug():
    first, second = make.publisher(name="Ada"), make.publisher(name="Ben")
    Token.objects.filter(pk=second.pk).update(display_name="ada")

    publishers = Taxonomy.from_catalog().publishers

    assert (publishers[first.pk].slug, publishers[second.pk].slug) == ("ada", f"ada-{second.pk}")


def test_what_is_stored_is_read_as_it_was():
    make.category("Films", parent=make.category("Archive"))
    make.team(name="Restorers")
    taxonomy = Taxonomy.from_catalog()

    assert Taxonomy.from_json(taxonomy.as_json) == taxonomy


def test_an_entry_of_a_category_that_came_later_is_not_included():
    taxonomy = make.taxonomy()

    assert taxonomy.includes(make.entry())
    assert not taxonomy.includes(make.entry(category=2))
    assert not taxonomy.includes(make.entry(team=1))
