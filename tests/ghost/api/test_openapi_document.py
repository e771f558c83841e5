"""The schema as it is served: made once, however many ask."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import Client

from ghost.api import openapi_document
from ghost.api.openapi import Api
from ghost.core.config.env import BASE_DIR

PATH = "/api/openapi.json"


@pytest.fixture
def made(monkeypatch) -> list[str]:
    """One for each time that it is made, of a process that has not made it yet."""
    count: list[str] = []
    make = Api.get_openapi_schema

    def counted(self, **kwargs):
        count.append(kwargs["path_prefix"])
        return make(self, **kwargs)

    monkeypatch.setattr(Api, "get_openapi_schema", counted)
    monkeypatch.setattr(openapi_document, "_made", [])
    return count


def test_twenty_requests_at_once_make_it_once(made):
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: Client().get(PATH), range(20)))

    assert len(made) == 1
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


def test_it_is_the_committed_one_in_every_language_and_below_every_address(client, made):
    answer = client.get(PATH, headers={"Accept-Language": "zh-hans"}, SCRIPT_NAME="/below")

    assert answer.json() == json.loads((BASE_DIR / "docs" / "openapi.json").read_text())


def test_who_has_it_gets_it_no_more(client):
    tag = client.get(PATH)["ETag"]

    again = client.get(PATH, headers={"If-None-Match": tag})
    other = client.get(PATH, headers={"If-None-Match": '"other"'})

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    assert other.status_code == 200


def test_head_tells_its_headers(client):
    head, whole = client.head(PATH), client.get(PATH)

    assert (head.status_code, head.content) == (200, b"")
    assert {name: head[name] for name in ("ETag", "Content-Type", "Content-Length")} == {
        name: whole[name] for name in ("ETag", "Content-Type", "Content-Length")
    }


def test_nothing_else_is_done_with_it(client):
    assert client.post(PATH).status_code == 405


def test_the_page_of_the_documentation_makes_none(client, made):
    answers = [client.get("/api/docs"), client.head("/api/docs")]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert PATH in answers[0].content.decode()
    assert made == []
