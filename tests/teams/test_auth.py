"""Whose request it is: found, counted, allowed."""

from datetime import timedelta

import pytest
from django.test import RequestFactory
from django.utils import timezone

from ghost.core.errors import ForbiddenError
from ghost.core.http.limits.rate_limit import TooManyError
from teams import auth, credentials
from teams.models import Token
from teams.policy import Action
from tests import make

pytestmark = pytest.mark.django_db


def admit(raw: str, action: Action = Action.RESOURCE_LIST) -> Token | None:
    return auth.admit(RequestFactory().get("/api/resources"), raw, action)


def test_a_usable_token_is_admitted_and_its_use_remembered():
    token = make.publisher()

    assert admit(token.raw) == token
    token.refresh_from_db()
    assert token.last_used_at is not None


@pytest.mark.parametrize("raw", ["", "ghost_", "x" * 32, "well-formed"])
def test_nobodys_token_is_none(raw):
    assert admit(credentials.make() if raw == "well-formed" else raw) is None


def test_a_role_without_the_action_is_refused():
    with pytest.raises(ForbiddenError):
        admit(make.publisher().raw, Action.TOKEN_MANAGE)


def test_one_more_than_the_limit_is_refused(configure, monkeypatch):
    configure(api_rate_limit=2)
    monkeypatch.setattr("ghost.core.http.limits.rate_limit._counts", {})
    monkeypatch.setattr("ghost.core.http.limits.rate_limit.time.time", lambda: 1e9)
    token = make.publisher()

    assert [admit(token.raw), admit(token.raw)] == [token, token]
    with pytest.raises(TooManyError):
        admit(token.raw)


def test_a_key_in_the_address_is_read_in_any_case_of_its_name():
    token = make.publisher()
    key = auth.ApiKey(Action.TORZNAB_SEARCH)

    callers = [
        key(RequestFactory().get("/", query))
        for query in ({"ApiKey": token.raw}, {"key": token.raw})
    ]

    assert callers == [token, None]


def test_a_key_that_can_write_is_warned_of_once_a_day(caplog):
    token = make.publisher()
    key = auth.ApiKey(Action.TORZNAB_SEARCH)

    for _ in range(3):
        assert key(RequestFactory().get("/", {"apikey": token.raw})) == token
    once = len(caplog.records)
    Token.objects.update(sent_in_address_at=timezone.now() - timedelta(hours=25))
    key(RequestFactory().get("/", {"apikey": token.raw}))

    assert (once, len(caplog.records)) == (1, 2)
    assert "is not read-only" in caplog.text
    assert token.raw not in caplog.text
    assert token.token_hash not in caplog.text


def test_a_read_only_key_in_an_address_is_as_it_should_be(caplog):
    token = make.publisher(is_read_only=True)

    assert (
        auth.ApiKey(Action.TORZNAB_SEARCH)(RequestFactory().get("/", {"apikey": token.raw}))
        == token
    )
    assert admit(token.raw, Action.TORZNAB_SEARCH) == token
    assert caplog.records == []
    assert Token.objects.get().sent_in_address_at is None
