"""Categories in tree order, through the tree's own rules."""

from typing import Any

import pytest
from django.urls import reverse

from ghost.core.catalog.models import Catalog
from resources.models import Category
from tests import make, operators
from tests.resources.admin.filled_forms import CATEGORY, add, errors

pytestmark = pytest.mark.django_db


def test_categories_stand_in_tree_order(operator):
    a, b = make.category("A"), make.category("B")
    make.category("Z below A", parent=a)
    make.category("below B", parent=b)

    page = operator.get(operators.list_of(CATEGORY))

    shown = [(row.name, row.place.depth) for row in page.context["cl"].result_list]
    assert shown == [("A", 0), ("Z below A", 1), ("B", 0), ("below B", 1)]


def test_a_category_is_stored_with_slug_root_and_revision(operator):
    top = make.category("Top")
    before = Catalog.get().revision

    add(operator, CATEGORY, name="C++ & Co", parent=top.pk, slug="", sort_order=0)

    row = Category.objects.get(name="C++ & Co")
    assert (row.slug, row.root) == ("c-plus-plus-and-co", top)
    assert Catalog.get().revision == before + 1


@pytest.mark.parametrize("case", ["below itself", "slug taken", "slug taken at the root"])
def test_what_a_tree_refuses_is_said_in_the_form(operator, case):
    top = make.category("Top")
    below = make.category("Below", parent=top)
    cases: dict[str, tuple[Category, dict[str, Any]]] = {
        "below itself": (top, {"name": "Top", "parent": below.pk}),
        "slug taken": (make.category("X", parent=top), {"name": "Below", "parent": top.pk}),
        "slug taken at the root": (below, {"name": "Top", "parent": ""}),
    }
    row, fields = cases[case]

    answer = operator.post(
        operators.form_of(CATEGORY, row.pk), {"slug": "", "sort_order": 0} | fields
    )

    assert answer.status_code == 200
    assert len(errors(answer)) == 1


def test_only_an_empty_category_is_deleted(operator):
    top = make.category("Top")
    below = make.category("Below", parent=top)
    make.resource(category=below)
    empty = make.category("Empty")

    def delete(row):
        url = reverse("admin:resources_category_delete", args=(row.pk,))
        return operator.get(url), operator.post(url, {"post": "yes"})

    shown, _ = delete(top)
    delete(below)
    delete(empty)

    assert shown.context["protected"] == ["Category: Below"]
    assert list(Category.objects.values_list("name", flat=True)) == ["Below", "Top"]
