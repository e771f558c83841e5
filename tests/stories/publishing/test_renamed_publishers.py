import pytest
from django.core.exceptions import ValidationError

from ghost.core.catalog.models import Catalog
from tests import make

pytestmark = pytest.mark.django_db


def rename(row, name: str) -> int:
    """How far the catalog's revision moves by it."""
    before = Catalog.get().revision
    row = type(row).objects.get(pk=row.pk)
    setattr(row, "name" if hasattr(row, "name") else "display_name", name)
    row.store()
    return Catalog.get().revision - before


def test_a_new_name_of_who_publishes_something_public_changes_the_catalog():
    ada = make.publisher(name="Ada")
    team = make.team(ada, "Films")
    make.resource(publisher=ada, team=team)

    moved = [rename(ada, "Ada L."), rename(team, "Cinema")]

    assert moved == [1, 1]
    assert str(Catalog.get().reason) == "“Cinema” has a new public name"


def test_the_same_name_or_nothing_public_changes_nothing():
    ada = make.publisher(name="Ada")
    team = make.team(ada, "Films")
    make.resource(publisher=ada, team=team, published_at=None)

    moved = [rename(ada, "Eve"), rename(team, "Cinema")]
    make.resource(publisher=ada, team=team)
    moved += [rename(ada, " Eve "), rename(team, "Cinema")]

    assert moved == [0, 0, 0, 0]


@pytest.mark.parametrize("name", ["", " \n"])
def test_a_name_is_needed(name):
    with pytest.raises(ValidationError):
        rename(make.publisher(), name)
