"""/metrics: who reads it."""

from __future__ import annotations

import pytest
from django.test import Client
from pydantic import SecretStr

from ghost.core.audit.models import UNAUTHORIZED
from ghost.core.measurements import counters

pytestmark = pytest.mark.django_db
KEY = "a-key-of-the-monitor"


@pytest.fixture
def with_key(configure):
    configure(metrics_enabled=True, metrics_key=SecretStr(KEY))


@pytest.mark.parametrize("headers", [{}, {"X-Ghost-Metrics-Key": KEY}])
def test_it_is_not_there_unless_switched_on(client, configure, headers):
    configure(metrics_key=SecretStr(KEY))

    assert client.get("/metrics", headers=headers).status_code == 404


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_it_is_not_there_for_any_method_and_where_it_is_it_is_only_read(configure, method):
    browser = Client(enforce_csrf_checks=True)
    off = browser.generic(method, "/metrics").status_code
    configure(metrics_enabled=True)

    on = browser.generic(method, "/metrics").status_code

    assert (off, on) == (404, {"HEAD": 200, "OPTIONS": 204}.get(method, 405))


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Ghost-Metrics-Key": KEY},
        {"Authorization": f"Bearer {KEY}"},
        {"Authorization": f"bearer  {KEY} "},
        {"X-Ghost-Metrics-Key": "wrong", "Authorization": f"Bearer {KEY}"},
    ],
)
def test_who_has_the_key_reads_it(client, with_key, headers):
    answer = client.get("/metrics", headers=headers)

    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert b"ghost_status" in answer.content


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Ghost-Metrics-Key": ""},
        {"X-Ghost-Metrics-Key": KEY[:-1]},
        {"X-Ghost-Metrics-Key": "käse\udcff"},
        {"Authorization": KEY},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": "Bearer "},
    ],
)
def test_who_has_not_is_asked_for_it(client, with_key, headers):
    answer = client.get("/metrics", headers=headers)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert b"ghost_status" not in answer.content
    counted = counters.pending.take()
    assert counted["ghost_refusals", (UNAUTHORIZED,), ""] >= 1


def test_a_key_of_any_language_is_compared_as_it_was_sent(client, configure):
    key = "钥匙 of the monitor, größer"
    configure(metrics_enabled=True, metrics_key=SecretStr(key))
    sent = key.encode().decode("latin-1")  # as WSGI hands it over

    answers = [
        client.get("/metrics", headers={"X-Ghost-Metrics-Key": each}) for each in (sent, sent[1:])
    ]

    assert [answer.status_code for answer in answers] == [200, 401]


def test_without_a_key_whoever_reaches_it_reads_it(client, configure):
    configure(metrics_enabled=True)

    assert client.get("/metrics").status_code == 200


def test_it_is_read_and_nothing_else(client, with_key):
    headers = {"X-Ghost-Metrics-Key": KEY}

    assert client.post("/metrics", headers=headers).status_code in (403, 405)
    assert client.head("/metrics", headers=headers).content == b""
