"""While somebody else writes: what only reads goes on at once, what writes gets 503 and says when."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.urls import reverse

from ghost.api.root import api
from ghost.core.http.limits import rate_limit
from resources.models import Resource
from teams.models import Token
from tests import locks, make, operators

pytestmark = pytest.mark.usefixtures("file_database")

TABLES = ("ghost_catalog", "ghost_usage", "teams_token", "resources_resource", "teams_attempt",
          "ghost_stream", "auth_user", "django_session")  # fmt: skip
QUICK_S = 5
"""Far less than the 20 s that a writer waits."""


@pytest.fixture
def browser():
    """As a server answers: without raising what the log is told."""
    return Client(raise_request_exception=False)


def reads(key: int) -> list[str]:
    """Every address of the API that can be read; a resource has this key, other things may not."""
    paths = (
        path for path, methods in api.get_openapi_schema()["paths"].items() if "get" in methods
    )
    made = [
        path.replace("{token_hash}", "0" * 64) for path in paths if not path.endswith("/events")
    ]
    return [
        path.partition("{")[0] + str(key) + path.partition("}")[2] if "{" in path else path
        for path in made
    ]


def make_rows_of_one(browser) -> None:
    """What a new installation makes when it is first looked at."""
    browser.get("/api/build/status", **make.auth(make.admin()))


def test_no_read_of_the_api_waits_for_a_writer(browser, configure, monkeypatch):
    configure(api_rate_limit=50)  # settled with each request
    monkeypatch.setattr(rate_limit, "_counts", {})
    token = make.admin()
    row = make.resource()
    make_rows_of_one(browser)

    with locks.held(*TABLES, patience_ms=20_000):
        begun = time.monotonic()
        paths = reads(row.pk)
        found = {path: browser.get(path, **make.auth(token)).status_code for path in paths}
        took_s = time.monotonic() - begun

    assert set(found.values()) <= {200, 400, 404}, found
    assert found[f"/api/resources/{row.pk}"] == 200
    assert took_s < QUICK_S
    token.refresh_from_db()
    assert token.last_used_at is None


def test_what_was_counted_meanwhile_is_settled_later(browser, configure, monkeypatch):
    configure(api_rate_limit=5)
    monkeypatch.setattr(rate_limit, "_counts", {})
    token = make.admin()
    make_rows_of_one(browser)

    with locks.held(*TABLES, patience_ms=20_000):
        first = [browser.get("/api/build/status", **make.auth(token)).status_code for _ in range(7)]
    later = browser.get("/api/build/status", **make.auth(token)).status_code

    assert (first, later) == ([200] * 5 + [429] * 2, 429)
    usage = rate_limit.Usage.objects.get(caller=f"token {token.pk}")
    assert usage.count == 8
    assert Token.objects.get(pk=token.pk).last_used_at is not None


@pytest.mark.parametrize(
    "page",
    ["admin:index", "admin:resources_resource_changelist", "admin:teams_token_changelist",
     "admin:resources_resource_add", "admin:auth_user_changelist"],
)  # fmt: skip
def test_no_page_of_the_admin_waits_for_a_writer(page):
    browser = operators.client()
    browser.get(reverse(page))  # rows that are made once are there

    with locks.held(*TABLES, patience_ms=20_000):
        begun = time.monotonic()
        status = browser.get(reverse(page)).status_code
        took_s = time.monotonic() - begun

    assert status == 200
    assert took_s < QUICK_S


def test_health_of_a_locked_database_can_be_read(browser):
    make_rows_of_one(browser)

    with locks.held(*TABLES, patience_ms=20_000):
        answers = [browser.get(path).status_code for path in ("/health", "/ready", "/api/health")]

    assert answers == [200, 200, 200]


def lines(caplog) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno >= logging.WARNING]


def writes(row: Resource) -> dict[str, dict[str, Any]]:
    magnet = {"title": "A", "magnet_uri": make.magnet(), "category_id": row.category_id}
    file = SimpleUploadedFile("a.torrent", make_torrent())
    return {
        "/api/resources": {"data": magnet},
        "/api/resources/bulk": {"data": [magnet]},
        "/api/resources/from-torrent": {
            "data": {"torrent": file, "category_id": row.category_id},
            "content_type": MULTIPART_CONTENT,
        },
        f"/api/resources/{row.pk}/takedown": {"data": {"reason": "x"}},
        f"/api/resources/{row.pk}/withdraw": {"data": {}},
        "/api/categories": {"data": {"name": "B"}},
        "/api/teams": {"data": {"name": "B", "owner_token_hash": row.publisher.token_hash}},
        "/api/admin/tokens/publisher": {"data": {"display_name": "B"}},
        "/api/build/trigger": {"data": {}},
    }


def make_torrent() -> bytes:
    return b"d4:infod6:lengthi5e4:name1:a12:piece lengthi16384e6:pieces20:" + b"x" * 20 + b"ee"


def test_every_write_of_the_api_says_when_to_come_again(browser, caplog):
    token, row = make.admin(), make.resource()
    before = Resource.objects.values().get(pk=row.pk)

    with locks.held(*TABLES):
        answers = {}
        for path, given in writes(row).items():
            kind = {"content_type": "application/json"} | given
            answers[path] = browser.post(path, **kind, **make.auth(token))

    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(
        answers, 503
    )
    assert {answer["Retry-After"] for answer in answers.values()} == {"30"}
    assert {a["Content-Type"] for a in answers.values()} == {"application/problem+json"}
    assert Resource.objects.values().get() == before
    assert len(lines(caplog)) == len(answers)
    assert [record for record in lines(caplog) if record.exc_info] == []


def test_an_event_stream_that_cannot_be_opened_says_when_to_come_again(browser):
    token = make.admin()

    with locks.held(*TABLES):
        answer = browser.get("/api/events", **make.auth(token))

    assert (answer.status_code, answer["Retry-After"]) == (503, "30")


def test_signing_in_says_when_to_come_again(browser, caplog):
    User.objects.create_superuser("root", password="right")
    fields = {"username": "root", "password": "right", "next": "/admin/"}

    with locks.held(*TABLES):
        answer = browser.post(reverse("admin:login"), fields)
    later = browser.post(reverse("admin:login"), fields)

    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "Ghost is busy with other changes; please try again." in answer.content.decode()
    assert len(lines(caplog)) == 1
    assert later.status_code == 302


@pytest.mark.parametrize("kind", ["form", "action", "delete"])
def test_operators_writes_say_when_to_come_again(kind):
    browser, row = operators.client(), make.resource()
    browser.raise_request_exception = False
    before = Resource.objects.values().get(pk=row.pk)

    with locks.held(*TABLES):
        if kind == "form":
            fields = {"title": "Other", "magnet_uri": row.magnet_uri, "category": row.category_id,
                      "publisher": row.publisher_id, "tags": "", "checksums": ""}  # fmt: skip
            answer = browser.post(operators.form_of("resources_resource", row.pk), fields)
        elif kind == "action":
            answer = operators.act(browser, "resources_resource", "probe_again", row)
        else:
            address = reverse("admin:auth_user_delete", args=[User.objects.get().pk])
            answer = browser.post(address, {"post": "yes"})

    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert Resource.objects.values().get() == before
