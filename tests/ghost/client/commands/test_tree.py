"""`ghost categories`: told, and made."""

import json

import pytest

from resources.models import Category
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)


def test_categories_are_told_as_a_tree(ghost):
    images = make.category("Images")
    maps = make.category("Maps", parent=images)

    plain, as_json = ghost("categories")[1], ghost("categories", "--json")[1]
    status, _out, err = ghost("list", "--category", "maps")

    assert plain == f"{images.pk}\timages\tImages\t0\n{maps.pk}\timages/maps\tMaps\t0\n"
    assert [json.loads(each)["path"] for each in as_json.splitlines()] == ["images", "images/maps"]
    assert status == 2
    assert err == (
        "ghost: There is no category “maps”. Did you mean images/maps?"
        " All of them: ghost categories; to make it: ghost categories add 'maps'\n"
    )
    assert "Did you mean images/maps" in ghost("list", "--category", "image/mapz")[2]


def test_a_category_is_made_with_the_parents_that_are_missing(ghost):
    images = make.category("Images")

    status, out, _err = ghost("categories", "add", "images/Maps/Old maps", "--json")
    again = ghost("categories", "add", "Images/maps/old-maps")

    made = Category.objects.get(name="Old maps")
    assert (status, json.loads(out)["path"]) == (0, "images/maps/old-maps")
    assert (again[0], again[1].split("\t")[0]) == (0, str(made.pk))
    assert (Category.objects.count(), made.root_id) == (3, images.pk)


@pytest.mark.parametrize("path", [(), ("/",)])
def test_a_category_without_a_name_is_refused(ghost, path):
    status, _out, err = ghost("categories", "add", *path)

    assert (status, "Films/Short films" in err) == (2, True)
