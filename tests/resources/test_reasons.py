"""Reasons that are chosen at run time: by the action on resources, and by their health."""

from __future__ import annotations

import pytest

from ghost.core.catalog.models import Catalog
from ghost.core.text.reasons import CODES
from resources import reasons
from resources.models import DhtStatus, Resource
from tests import make


@pytest.mark.parametrize("action", sorted(reasons._ONE))
def test_each_action_has_a_sentence_for_one_and_for_many(action):
    one, many = (reasons.of_action(action, count, "A film") for count in (1, 3))

    assert (str(one).startswith("“A film” "), str(many).startswith("3 resources ")) == (True, True)
    assert {one.code, many.code} <= CODES.keys()


@pytest.mark.parametrize("status", DhtStatus)
def test_each_health_has_its_reason(status):
    assert str(reasons.OF_STATUS[status.value](number=2)) == f"2 now {status.value}"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("action", "said"),
    [
        (lambda rows: rows.take_down(reason="asked", by="test"), "taken down"),
        (lambda rows: rows.withdraw(), "withdrawn"),
        (lambda rows: rows.ask_review(), "to be reviewed"),
    ],
)
def test_the_catalog_says_what_was_done_to_one_and_to_many(action, said):
    make.resource(title="A film")
    action(Resource.objects.all())
    one = str(Catalog.get().reason)
    Resource.objects.all().delete()
    make.resource(), make.resource()

    action(Resource.objects.all())

    assert (one, str(Catalog.get().reason)) == (f"“A film” {said}", f"2 resources {said}")
