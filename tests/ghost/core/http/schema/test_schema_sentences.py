"""What a schema refuses is said in sentences of ours, whatever the schema and the rule."""

from typing import Any

import pytest
from django.utils import translation
from pydantic import BaseModel, ValidationError

from ghost.api.root import api
from ghost.core.http.schema import schema_sentences
from resources.schemas import TorrentIn
from tests import make

WRONG: list[Any] = [
    None, "", "x", "x" * 200_000, "a\x00b", -(2**70), 2**70, 0, 1.5, 1e400, float("nan"), True, [], {},
    ["x" * 100] * 2000, [None], [{}], {"a": 1}, "2026-01-31", "2026-01-31T10:00:00", "2026-13-31T10:00:00Z",
    [{"algorithm": "x", "value": "y"}], "9999-12-31T23:59:59Z", "1e5", "99999999999999999999999999", "\ud800",
]  # fmt: skip
"""Values that break one rule of a schema or another."""


def models():
    found: dict[str, type[BaseModel]] = {"TorrentIn": TorrentIn}
    for router in api._get_bound_routers():
        for view in router.path_operations.values():
            for operation in view.operations:
                for each in operation.models:
                    inner = [f.annotation for f in each.model_fields.values()]
                    bodies = [m for m in inner if isinstance(m, type) and issubclass(m, BaseModel)]
                    for number, model in enumerate(bodies or [each]):
                        found[f"{operation.operation_id} {each.__name__} {number}"] = model
    return found


def errors(model, value):
    try:
        model.model_validate(value, context={"request": None})
    except ValidationError as error:
        return error.errors(include_url=False, include_input=False)
    return []


def test_no_rule_of_any_schema_is_told_in_pydantics_words():
    told, strange = set(), set()
    for model in models().values():
        bodies: list[Any] = [*WRONG, {"unknown": 1}, dict.fromkeys(map(str, range(99)), 1)]
        bodies += [{n: v} for n in model.model_fields for v in WRONG]
        for error in (e for body in bodies for e in errors(model, body)):
            told.add(error["type"])
            words = schema_sentences.sentence(error)
            if words in (error["msg"], str(schema_sentences.OTHERWISE)):
                strange.add((error["type"], words, str(error.get("ctx"))))

    assert strange == set()
    assert told >= {
        "missing", "extra_forbidden", "string_type", "string_too_long", "string_too_short",
        "string_pattern_mismatch", "int_type", "int_parsing", "greater_than_equal", "less_than_equal",
        "bool_parsing", "list_type", "too_long", "enum", "literal_error", "value_error",
    }  # fmt: skip


@pytest.mark.parametrize("kind", [*schema_sentences.SENTENCES, *schema_sentences.COUNTS])
def test_each_is_said_in_chinese(kind):
    limits = dict.fromkeys(("min_length", "max_length", "gt", "ge", "lt", "le"), 2)
    error = {"type": kind, "msg": "", "ctx": limits | {"expected": "'a' or 'b'"}}

    english = schema_sentences.sentence(error)
    with translation.override("zh-hans"):
        chinese = schema_sentences.sentence(error)

    assert english != chinese
    assert "%" not in english + chinese


@pytest.mark.django_db
def test_limits_and_choices_are_named(client):
    token = make.admin()
    asked = {
        "/api/resources?limit=5000": "must be at most 1000",
        "/api/resources?state=foo": "must be one of these: draft, ",
        "/api/resources?limit=x": "must be a whole number",
        "/api/events?kinds=foo": "must be kinds of events, separated by commas: task, build, health,",
    }

    said = {
        path: client.get(path, **make.auth(token)).json()["errors"][0]["message"] for path in asked
    }

    assert {path: told for path, told in said.items() if not told.startswith(asked[path])} == {}


@pytest.mark.django_db
def test_an_empty_title_and_what_is_no_json_are_told_plainly(client):
    auth = make.auth(make.publisher())
    body = {"title": "", "magnet_uri": make.magnet(), "category_id": 1}

    empty = client.post("/api/resources", body, "application/json", **auth)
    broken = client.post("/api/resources", b'{"title":\n x}', "application/json", **auth)

    assert empty.json()["detail"] == "title: must not be empty"
    assert broken.json()["detail"] == "The body is not JSON: line 2, column 2."


@pytest.mark.django_db
def test_a_long_title_has_characters_and_long_lists_have_items(client):
    body = {"title": "a" * 301, "magnet_uri": make.magnet(), "category_id": 1, "tags": ["x"] * 31}
    auth = make.auth(make.publisher())

    refused = client.post("/api/resources", body, content_type="application/json", **auth).json()

    told = {error["field"]: error["message"] for error in refused["errors"]}
    assert told == {
        "title": "may have at most 300 characters",
        "tags": "may have at most 30 items",
    }
