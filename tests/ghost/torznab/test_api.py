"""Torznab as its clients meet it: where it is, and whose key opens it."""

import logging
from xml.etree import ElementTree

import pytest

from tests import make
from tests.ghost.torznab.answers import items

pytestmark = pytest.mark.django_db


def test_clients_that_put_api_behind_the_address_find_it_too(client):
    response = client.get("/api/torznab/api", {"t": "caps"}, **make.auth(make.member()))

    assert ElementTree.fromstring(response.content).tag == "caps"


def test_header_opens_it_too(client):
    response = client.get("/api/torznab?t=search", **make.auth(make.member()))

    assert items(response) == []


def test_key_in_the_address_opens_nothing_else(client):
    response = client.get("/api/resources", {"apikey": make.admin().raw})

    assert response.status_code == 401


def test_key_is_in_no_log_line_and_no_answer(client, ask, caplog, monkeypatch):
    client.raise_request_exception = False
    token = make.admin()
    caplog.set_level(logging.DEBUG)

    answers = [ask(token, t="search"), ask(token, t="caps"), ask(token, t=token.raw), ask(token)]
    monkeypatch.setattr("ghost.torznab.results.rows", lambda *_: 1 / 0)
    answers.append(ask(token, t="search", q="x"))
    answers.append(client.get(f"/api/torznab/?apikey={token.raw}"))

    assert [answer.status_code for answer in answers] == [200, 200, 400, 400, 500, 404]
    told = [record.getMessage() for record in caplog.records if record.name != "django.db.backends"]
    assert "Internal Server Error: /api/torznab" in told
    assert [line for line in told if token.raw in line] == []
    for answer in answers:
        assert token.raw.encode() not in answer.content
        assert token.raw not in str(answer.headers)
    assert answers[0].headers["Cache-Control"] == "private, no-cache"
