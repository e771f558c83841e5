"""Texts that columns make fit to be compared."""

from __future__ import annotations

import pytest
from django.db import connection
from django.urls import reverse

from builds.models import Cover
from ghost.core.text.folding import MARK
from resources.models import Category
from teams.models import Team, Token
from tests import make, operators

pytestmark = pytest.mark.django_db


def test_a_fold_is_stored_behind_its_version_and_shown_without():
    row = make.category("Café & Bar")

    with connection.cursor() as cursor:
        cursor.execute("SELECT name_folded FROM resources_category WHERE id = %s", [row.pk])
        stored = cursor.fetchone()[0]
    assert stored == f"{MARK}cafe and bar"
    assert Category.objects.get(pk=row.pk).name_folded == "cafe and bar"
    assert Category.objects.get(name_folded="cafe and bar") == row


@pytest.mark.parametrize(
    "part", ["Schitts", "schitt's c", "SCHITT’S", "％", "Cre\u0301e", "\u5716\u66f8"]
)
def test_a_part_is_found_as_the_fold_compares_it(part):
    row = make.category("Schitt's Créek 100% 图书馆")
    make.category("Another")

    assert Category.objects.get(name_folded__holds=part) == row


@pytest.mark.parametrize(
    ("page", "model", "q"),
    [
        ("resources_category", Category, "schitts"),
        ("teams_token", Token, "obrien"),
        ("teams_team", Team, "obrien"),
        ("teams_team", Team, "creme"),
        ("builds_cover", Cover, "schitts"),
    ],
)
def test_lists_of_the_admin_search_by_the_fold(page, model, q):
    owner = make.publisher(name="O’Brien")
    make.team(owner, "Crème")
    make.category("Schitt's Creek")
    if model is Cover:
        Cover.objects.create(resource=make.resource(title="Schitt's Creek"))

    answer = operators.client("Operator").get(reverse(f"admin:{page}_changelist"), {"q": q})

    assert list(answer.context["cl"].queryset) == [
        model.objects.last() if model is not Token else owner
    ]
