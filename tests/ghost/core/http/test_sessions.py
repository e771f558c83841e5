"""Keys of sessions, as cookies name them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ghost.core.events.subscriber import Caller
from ghost.core.http import sessions
from tests import operators
from tests.presence import present

pytestmark = pytest.mark.django_db


def test_a_session_is_found_again():
    browser = operators.client()

    assert browser.get("/admin/").status_code == 200


@pytest.mark.parametrize(
    "key", ['"\\000aaaaaaaaaaaa"', "x" * 41, "short", "UPPERCASE1", "é" * 10, "a b c d e f"]
)
def test_what_can_be_no_key_is_not_looked_up(key):
    browser = Client(raise_request_exception=False)

    with CaptureQueriesContext(connection) as queries:
        answer = browser.get("/admin/", HTTP_COOKIE=f"sessionid={key}")

    assert answer.status_code == 302
    assert not [query for query in queries if "django_session" in query["sql"]]


# -- limits


@pytest.fixture
def clock(monkeypatch):
    """`clock(minutes=5)`: so much later, for sessions."""
    real, passed = timezone.now, [timedelta()]
    monkeypatch.setattr(timezone, "now", lambda: real() + passed[0])

    def wait(**some: float) -> None:
        passed[0] += timedelta(**some)

    return wait


def is_in(browser: Client) -> bool:
    return browser.get("/admin/password_change/").status_code == 200


def written_by(browser: Client) -> list[str]:
    """Which writes of sessions a page takes."""
    with CaptureQueriesContext(connection) as queries:
        assert is_in(browser)
    found = [query["sql"].split()[0] for query in queries if "django_session" in query["sql"]]
    return [verb for verb in found if verb not in ("SELECT", "SAVEPOINT")]


def test_a_session_that_nobody_uses_ends(configure, clock):
    configure(session_idle_min=30)
    browser = operators.client()

    clock(minutes=29)
    used = is_in(browser)
    clock(minutes=29)
    used_again = is_in(browser)
    clock(minutes=31)

    assert (used, used_again, is_in(browser)) == (True, True, False)


def test_a_session_ends_at_last_however_much_it_is_used(configure, clock):
    configure(session_idle_min=50, session_max_hr=2)
    browser = operators.client()

    found = []
    for _ in range(5):
        clock(minutes=29)
        found.append(is_in(browser))

    assert found == [True, True, True, True, False]


def test_use_is_written_down_once_a_minute(clock):
    browser = operators.client()

    at_once = written_by(browser)
    clock(seconds=61)
    later, then = written_by(browser), written_by(browser)

    assert (at_once, later, then) == ([], ["UPDATE"], [])


def test_what_an_open_page_asks_for_by_itself_is_no_use(configure, clock):
    configure(session_idle_min=30)
    browser = operators.client()

    clock(minutes=29)
    answer = browser.get("/api/health")
    clock(minutes=2)

    assert answer.status_code in (200, 503)
    assert not is_in(browser)


def test_a_use_is_not_waited_for_while_others_write(clock, monkeypatch):
    browser = operators.client()
    clock(seconds=61)

    def locked():
        raise OperationalError("database is locked")

    monkeypatch.setattr(sessions, "nowait", locked)

    assert is_in(browser)


def test_a_session_that_was_ended_meanwhile_is_not_brought_back(clock):
    browser = operators.client()
    store = sessions.SessionStore(browser.session.session_key)
    store.load()
    clock(minutes=5)

    Session.objects.all().delete()
    store.note_use()

    assert not Session.objects.exists()


def test_limits_set_anew_hold_for_sessions_that_began_before(configure, clock):
    browser = operators.client()
    clock(minutes=50)
    assert is_in(browser)
    clock(minutes=20)

    configure(session_max_hr=1)

    assert not is_in(browser)


def test_a_session_from_before_there_were_limits_is_over():
    browser = operators.client()
    store = sessions.SessionStore(browser.session.session_key)
    data = store.load()
    del data[sessions.BEGAN]
    Session.objects.update(session_data=store.encode(data))

    assert not is_in(browser)


def test_event_streams_end_with_the_session(configure, clock):
    from ghost.api import events

    configure(session_idle_min=30)
    caller = Caller(session_key=present(operators.client().session.session_key))

    heard = events._scopes([caller])
    clock(minutes=31)

    assert caller in heard
    assert events._scopes([caller]) == {}


def test_a_changed_password_begins_a_session_anew(configure, clock):
    configure(session_idle_min=100, session_max_hr=2)
    person = User.objects.create_superuser("ann", password="old")
    browser = Client()
    browser.force_login(person)
    before = browser.session.session_key
    clock(minutes=90)

    new = "a battery of horses"
    fields = {"old_password": "old", "new_password1": new, "new_password2": new}
    answer = browser.post("/admin/password_change/", fields)
    clock(minutes=90)

    assert answer.status_code == 302
    assert browser.session.session_key != before
    assert is_in(browser)


def test_the_cookie_lasts_as_long_as_the_session_may(configure):
    configure(session_max_hr=3)
    person = User.objects.create_superuser("ann")
    browser = Client()
    browser.force_login(person)

    age = browser.session.get_expiry_age()

    assert 3 * 3600 - 60 < age <= 3 * 3600
