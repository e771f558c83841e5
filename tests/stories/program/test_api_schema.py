"""The API's schema explains itself: to somebody who has read nothing else, and to generators."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from ghost.api.root import api

SCHEMA = api.get_openapi_schema()
VERBS = {
    "approve", "create", "delete", "download", "invite", "issue", "list", "patch", "pause", "probe", "publish",
    "read", "reset", "restore", "resume", "revoke", "rotate", "run", "search", "send", "send_back", "silence", "start", "stream", "take_down",
    "toggle", "trigger", "update", "upload", "verify", "withdraw",
}  # fmt: skip
IMPERATIVES = {
    "Approve", "Change", "Check", "Create", "Delete", "Download", "Get", "Identify", "Issue", "List", "Make", "Prove",
    "Pause", "Probe", "Publish", "Rename", "Request", "Reset", "Resume", "Revoke", "Rotate", "Run", "Search", "Send", "Silence", "Stream", "Switch", "Take",
    "Undo", "Upload", "Withdraw",
}  # fmt: skip
FEW_WORDS = 8
OPERATIONS = {
    operation["operationId"]: operation
    for methods in SCHEMA["paths"].values()
    for operation in methods.values()
}


def bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, operation in OPERATIONS.items():
        for media_type, body in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{name} {media_type}", body


def properties() -> Iterator[tuple[str, dict[str, Any]]]:
    inline = {name: body["schema"] for name, body in bodies()}
    for owner, schema in {**SCHEMA["components"]["schemas"], **inline}.items():
        for name, found in schema.get("properties", {}).items():
            yield f"{owner}.{name}", found


def parameters() -> Iterator[tuple[str, dict[str, Any]]]:
    for owner, operation in OPERATIONS.items():
        for parameter in operation["parameters"]:
            yield f"{owner} {parameter['name']}", parameter


def faults(schema: dict[str, Any], example: object) -> list[str]:
    whole = {**schema, "components": SCHEMA["components"]}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return [error.message for error in validator.iter_errors(example)]


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_operation_says_what_it_does(operation):
    summary, description = operation["summary"], operation["description"]

    assert summary.split()[0] in IMPERATIVES
    assert len(summary) <= 60
    assert not summary.endswith(".")
    assert len(description.split()) >= FEW_WORDS
    assert description.endswith((".", ")"))


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_id_is_a_noun_and_a_verb(name):
    noun = next((name.removesuffix(f"_{verb}") for verb in VERBS if name.endswith(f"_{verb}")), "")

    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", noun)


def test_tags_are_described_and_used():
    tags = {tag["name"] for tag in SCHEMA["tags"] if tag["description"]}

    assert [len(operation["tags"]) for operation in OPERATIONS.values()] == [1] * len(OPERATIONS)
    assert {operation["tags"][0] for operation in OPERATIONS.values()} == tags


def test_properties_are_described_and_shown():
    found = dict(properties())

    assert [name for name, each in found.items() if not each.get("description")] == []
    assert [name for name, each in found.items() if not each.get("examples")] == []


def test_parameters_are_described_and_shown():
    found = dict(parameters())

    assert [name for name, each in found.items() if not each.get("description")] == []
    assert [name for name, each in found.items() if "example" not in each] == []


def test_examples_of_properties_are_valid():
    wrong = {name: faults(each, each["examples"][0]) for name, each in properties()}

    assert {name: fault for name, fault in wrong.items() if fault} == {}


def test_examples_of_parameters_are_valid():
    wrong = {name: faults(each["schema"], each["example"]) for name, each in parameters()}

    assert {name: fault for name, fault in wrong.items() if fault} == {}


def test_bodies_are_shown_whole_and_valid():
    wrong = {name: faults(each["schema"], each["example"]) for name, each in bodies()}

    assert {name: fault for name, fault in wrong.items() if fault} == {}


def test_schemas_are_shown_whole_and_valid():
    known = SCHEMA["components"]["schemas"]
    objects = {name: each for name, each in known.items() if each["type"] == "object"}
    wrong = {name: faults(each, each["examples"][0]) for name, each in objects.items()}

    assert {name: fault for name, fault in wrong.items() if fault} == {}
    assert {
        name: set(each["properties"]) - set(each["examples"][0]) for name, each in objects.items()
    } == {name: set() for name in objects} | {"RevokeIn": {"token"}}  # one of the two


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_answers_are_described_with_their_headers(operation):
    for status, answer in operation["responses"].items():
        names = set(answer["headers"])
        assert answer["description"]
        assert "X-Request-ID" in names
        assert ("Retry-After" in names) >= (status in {429, 503})
        assert ("WWW-Authenticate" in names) is (status == 401)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_errors_follow_from_what_an_operation_takes(operation):
    places = Counter(parameter["in"] for parameter in operation["parameters"])
    statuses = set(operation["responses"])

    assert statuses >= {401, 403, 429, 503}
    assert statuses >= ({400, 411, 413, 415, 422} if "requestBody" in operation else set())
    assert statuses >= ({404, 422} if places["path"] else set())


def test_headers_that_answers_name_are_described():
    known = SCHEMA["components"]["headers"]
    used = {
        reference["$ref"]
        for operation in OPERATIONS.values()
        for answer in operation["responses"].values()
        for reference in answer["headers"].values()
    }

    assert used == {f"#/components/headers/{name}" for name in known}
    assert all(header["description"] and header["example"] for header in known.values())
