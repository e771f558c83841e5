"""Addresses and forms that no page of ours makes: whoever may open a page may send them."""

import pytest
from django.urls import reverse

from tests import operators
from tests.ghost.admin.rows import one_of_each
from tests.ghost.admin.test_dashboard import MODELS, label

pytestmark = pytest.mark.django_db

NASTY = ["", "garbage", "²", "-1", "\0", "[", "9" * 11, "9" * 20, "9" * 30, "1,²"]
OF_DATES = ["__year", "__month", "__day"]
OF_ALL_LISTS = ["q", "o", "p", "all", "_to_field", "pk__in", "pk", "pk__gte", "pk__iregex"]
WELL = {200, 302, 400, 403, 404}


@pytest.fixture
def browser():
    found = operators.client()
    found.raise_request_exception = False
    one_of_each(1)
    return found


def filters(browser, model) -> list[str]:
    """The parameters that its list knows."""
    listed = browser.get(operators.list_of(label(model))).context["cl"]
    dates = [f"{listed.date_hierarchy}{part}" for part in OF_DATES if listed.date_hierarchy]
    known = [name for spec in listed.filter_specs for name in spec.expected_parameters()]
    return [*known, *dates, *OF_ALL_LISTS]


def filled(model, value) -> dict[str, str]:
    """All fields with this value; a moment is typed into two of them."""
    names = [field.name for field in model._meta.get_fields()]
    return {name + part: value for name in names for part in ("", "_0", "_1")}


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_no_filter_of_a_list_ends_in_an_error(browser, model):
    url = operators.list_of(label(model))
    asked = [(name, value) for name in filters(browser, model) for value in NASTY]

    wrong = [
        (name, value)
        for name, value in asked
        if browser.get(url, {name: value}).status_code not in WELL
    ]

    assert wrong == []


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_no_form_ends_in_an_error(browser, model):
    add = reverse(f"admin:{label(model)}_add")
    change = operators.form_of(label(model), model.objects.first().pk)
    found = {}

    for value in NASTY:
        fields = filled(model, value)
        found["prefilled", value] = browser.get(add, fields).status_code
        found["added", value] = browser.post(add, fields).status_code
        found["changed", value] = browser.post(change, fields).status_code

    assert {what: status for what, status in found.items() if status not in WELL} == {}


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_no_key_of_a_row_ends_in_an_error(browser, model):
    pages = [f"admin:{label(model)}_{page}" for page in ("change", "delete", "history")]
    asked = [(page, value) for page in pages for value in NASTY if value]

    wrong = [
        (page, value)
        for page, value in asked
        if browser.get(reverse(page, args=(value,))).status_code not in WELL
    ]

    assert wrong == []
