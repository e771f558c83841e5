"""A path means one category, or is refused."""

import pytest

from ghost.core.errors import RefusedError
from resources.models import Category
from resources.models.category_paths import CategoryPaths
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def tree():
    films = make.category("Films", slug="movies")
    return {
        "films": films,
        "old": make.category("Old Ones", parent=films),
        "movies": make.category("Movies", slug="movies-2"),
        "ac": make.category("AC"),
        "ac/dc": make.category("AC/DC", slug="acdc"),
        "rock": make.category("Rock/Pop"),
        "cafe": make.category("Café"),
        "con": make.category("Con"),
    }


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("movies/old-ones", "old"),
        ("Films/Old Ones", "old"),
        ("films / old ones", "old"),
        ("FILMS/Old\u200b ones", "old"),
        ("Movies", "movies"),
        ("/movies", "films"),
        ("/movies-2", "movies"),
        ("movies-2", "movies"),
        ("Rock/Pop", "rock"),
        ("rock-pop", "rock"),
        ("AC/DC", "ac/dc"),
        ("Cafe\u0301", "cafe"),
        ("con", "con"),
        ("/x-con", "con"),
    ],
)
def test_a_path_of_slugs_or_names_is_found(tree, path, meant):
    assert CategoryPaths().find(path) == tree[meant]


def test_what_may_be_two_categories_is_refused_and_both_are_named(tree):
    make.category("DC", parent=tree["ac"])

    with pytest.raises(RefusedError, match=r"“Films” \(/movies\) or “Movies” \(/movies-2\)"):
        CategoryPaths().find("movies")
    with pytest.raises(RefusedError, match=r"“AC/DC” \(/acdc\) or “AC / DC” \(/ac/dc\)|“AC / DC”"):
        CategoryPaths().find("AC/DC")


@pytest.mark.parametrize("path", ["none", "/none", "Films/None", "/Films", "", "/", "../movies"])
def test_what_is_not_there_is_not_found(tree, path):
    assert CategoryPaths().find(path) is None


def test_each_has_a_path_that_means_it_alone(tree):
    make.category("DC", parent=tree["ac"])
    paths, places = CategoryPaths(), Category.objects.tree()

    exact = {place.category.name: paths.exact(place) for place in places}

    assert [paths.find(exact[place.category.name]) for place in places] == [
        p.category for p in places
    ]
    assert (exact["Films"], exact["Old Ones"]) == ("/movies", "movies/old-ones")
