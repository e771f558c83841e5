"""Fields and parameters come from their one place: what a schema lacks can't be set by naming it."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from ghost.api.root import api
from resources.models import Category, Resource
from teams.models import Team, Token
from tests import make
from tests.stories.program.test_routes import changed, everything
from tests.teams.test_policy import operations
from tests.world import WRITES, World, fake_prober, send  # noqa: F401  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_prober")]

COLUMNS = sorted(
    {
        field.attname
        for model in (Token, Team, Category, Resource)
        for field in model._meta.concrete_fields
    }
)
"""What an attacker who has read the source would name."""
_DOCUMENT = api.get_openapi_schema()


def fields_of(operation: str) -> set[str]:
    """The fields of its body in JSON; none if it takes no object."""
    methods = (each for path in _DOCUMENT["paths"].values() for each in path.values())
    found = next(each for each in methods if each["operationId"] == operation)
    content = found.get("requestBody", {}).get("content", {})
    name = content.get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
    return set(_DOCUMENT["components"]["schemas"].get(name, {}).get("properties", {}))


def asker(world: World, client: Client):
    """Who may all, and has been seen a moment ago: that is not written down again."""
    send(client, "GET", world.admin, "teams", None)
    return world.admin


@pytest.mark.parametrize("operation", [name for name in WRITES if fields_of(name)])
def test_a_body_takes_no_field_that_its_schema_lacks(client, operation):
    world = World()
    method, _path, _action = operations()[operation]
    path, body = WRITES[operation](world)
    foreign = [name for name in COLUMNS if name not in fields_of(operation)]
    token, before = asker(world, client), everything()

    answers = {
        name: send(client, method, token, path, (body or {}) | {name: 1}).status_code
        for name in foreign
    }

    assert len(foreign) > 40
    assert {name: status for name, status in answers.items() if status != 422} == {}
    assert changed(before) == []


def test_a_field_of_the_body_is_none_of_the_address_and_the_other_way_round():
    world, browser = World(), Client()
    body = {"title": "T", "magnet_uri": make.magnet(), "category_id": world.category.pk}
    titled = {name: value for name, value in body.items() if name != "title"}
    token, before = asker(world, browser), everything()

    answers = [
        send(browser, "POST", token, "resources", body | {"dry_run": True}),
        send(browser, "POST", token, "resources?title=T", titled),
        browser.post(
            "/api/resources",
            json.dumps(body),
            "application/json",
            query_params={"token": world.admin.raw},
        ),
    ]

    assert [each.status_code for each in answers] == [422, 422, 401]
    assert changed(before) == []
