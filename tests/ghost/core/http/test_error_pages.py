"""Requests that can't be read: whose fault it is, in one line of the log."""

from __future__ import annotations

import logging

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.db import InterfaceError, OperationalError
from django.test import Client, RequestFactory
from django.urls import reverse

from ghost.core.audit.models import UNAUTHORIZED
from ghost.core.db.outages import is_busy
from ghost.core.errors import OutageError
from ghost.core.http import error_pages
from ghost.core.http.limits.rate_limit import TooManyError
from tests import make, operators

pytestmark = pytest.mark.django_db

PAGES = ["/", "/admin/", "/admin/login/", "/nothing/here"]
API = ["/api/resources", "/api/openapi.json", "/api/docs", "/api/nothing"]


@pytest.fixture
def browser():
    return Client(raise_request_exception=False)


def lines(caplog) -> list[str]:
    """What the log has, each without a traceback."""
    told = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record for record in told if record.exc_info] == []
    return [record.getMessage() for record in told]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("host", ["evil.example", "a b", "x" * 5000, "localhost:99999x", "é"])
def test_a_wrong_host_is_one_line_and_a_plain_page(browser, caplog, path, host):
    answer = browser.get(path, HTTP_HOST=host)

    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("text/html")
    assert "The request can&#x27;t be read." in answer.content.decode()
    assert "ALLOWED_HOSTS" not in answer.content.decode()
    (line,) = lines(caplog)
    assert line.startswith("Refused with 400: DisallowedHost: ")
    assert len(line) < 300
    assert line.isascii()


@pytest.mark.parametrize("path", API)
def test_a_wrong_host_of_the_api_is_a_problem(browser, caplog, path):
    answer = browser.get(path, HTTP_HOST="evil.example")

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["detail"] == "The request can't be read."
    assert len(lines(caplog)) == 1


def test_a_wrong_host_of_torznab_is_its_document(browser, caplog):
    answer = browser.get("/api/torznab?t=caps", HTTP_HOST="evil.example")

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/xml; charset=utf-8")
    assert len(lines(caplog)) == 1


def form(count: int) -> str:
    return "&".join(f"a{n}=1" for n in range(count))


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"x" * 9_000_000, "application/x-www-form-urlencoded", 413),
        (form(1500).encode(), "application/x-www-form-urlencoded", 400),
        (b"x", "multipart/form-data; boundary=" + "é" * 3, 400),
        (b"--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\na\r\n" * 200 + b"--x--",
         "multipart/form-data; boundary=x", 400),
    ],
)  # fmt: skip
def test_a_form_that_cannot_be_read_is_one_line(browser, caplog, body, content_type, status):
    answer = browser.generic("POST", reverse("admin:login"), body, content_type=content_type)

    assert answer.status_code == status
    assert len(lines(caplog)) == 1


@pytest.mark.parametrize(
    "cookies",
    ['sessionid="\\000aaaaaaaaaaaa"', "sessionid=" + "x" * 3000, "sessionid=\xff\xfe", "csrftoken=;;=",
     "messages=garbage:x:y", "sessionid=abc; django_language=../../x", "="],
)  # fmt: skip
def test_a_bad_cookie_is_no_fault_of_ours(browser, caplog, cookies):
    for path in ("/admin/", "/admin/login/", "/api/events"):
        answer = browser.get(path, HTTP_COOKIE=cookies)

        assert answer.status_code in (200, 302, 401)
    assert [line for line in lines(caplog) if UNAUTHORIZED not in line] == []


def test_session_data_that_cannot_be_read_signs_out_in_one_line(caplog):
    browser = operators.client()
    row = Session.objects.get()
    Session.objects.update(session_data=row.session_data[:-4] + "AAAA")

    answer = browser.get("/admin/")

    assert answer.status_code == 302
    assert len(lines(caplog)) <= 1


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OperationalError("database is locked"), 503),
        (InterfaceError("connection already closed"), 503),
        (OutageError("Nothing can be probed here."), 503),
        (TooManyError("Too many.", 7), 429),
        (ValueError("ours"), None),
    ],
)
@pytest.mark.parametrize("path", ["/admin/x", "/api/x", "/x/"])
def test_what_may_work_later_is_said_everywhere(error, status, path):
    answer = error_pages.of_error(RequestFactory().get(path), error)

    assert (answer and answer.status_code) == status
    if answer is not None:
        assert answer["Retry-After"] == ("7" if status == 429 else "30")
        assert ("json" in answer["Content-Type"]) is path.startswith("/api/")


@pytest.mark.parametrize("where", ["ghost.core.http.sessions.SessionStore.load",
                                   "django.contrib.auth.middleware.get_user"])  # fmt: skip
def test_an_outage_below_the_views_is_a_503_too(monkeypatch, where):
    browser = operators.client()
    browser.raise_request_exception = False

    def fail(*_args, **_kwargs):
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(where, fail)

    answer = browser.get("/admin/")

    assert (answer.status_code, answer["Retry-After"]) == (503, "30")


def test_a_session_that_cannot_be_saved_is_a_503_too(monkeypatch, settings):
    """Its middleware saves after the view, where no other middleware hears of errors."""
    browser = operators.client()
    browser.raise_request_exception = False

    def fail(*_args, **_kwargs):
        raise OperationalError("database is locked")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.save", fail)
    settings.SESSION_SAVE_EVERY_REQUEST = True

    answer = browser.get("/admin/")

    assert (answer.status_code, answer["Retry-After"]) == (503, "30")


@pytest.mark.parametrize(
    ("cause", "is_it"),
    [
        (psycopg.errors.LockNotAvailable(), True),
        (psycopg.errors.DeadlockDetected(), True),
        (psycopg.errors.SerializationFailure(), True),
        (psycopg.errors.AdminShutdown(), False),
        (psycopg.OperationalError("server closed the connection unexpectedly"), False),
    ],
)
def test_a_busy_database_is_none_that_is_away(cause, is_it):
    error = OperationalError(str(cause))
    error.__cause__ = cause

    assert is_busy(error) is is_it


def test_a_fault_of_ours_stays_one(browser, monkeypatch, caplog):
    def fail(*_args, **_kwargs):
        raise ValueError("ours")

    monkeypatch.setattr("resources.api.reading.seen", fail)

    answer = browser.get("/api/resources/1", **make.auth(make.admin()))

    assert answer.status_code == 500
    assert any(record.exc_info for record in caplog.records)
