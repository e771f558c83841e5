"""Tokens of the earlier Ghost open the API: once the slow way, then the quick one."""

from __future__ import annotations

import hashlib
import threading
import time
from datetime import timedelta

import argon2
import pytest
from argon2.low_level import Type, hash_secret
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pydantic import SecretStr

from ghost.core.audit import trail
from ghost.core.audit.models import AuditEvent
from ghost.core.errors import OutageError
from ghost.core.http.limits.rate_limit import TooManyError
from teams import credentials, legacy_tokens, password_hashing
from teams.models import Token
from teams.roles import Role
from teams.token_schemes import Scheme
from tests import make

pytestmark = pytest.mark.django_db

RAW = "AbCdEfGhIjKlMnOpQrStUvWxYz-_0123"
"""As `secrets.token_urlsafe(24)` makes them."""
SALT = "ghost-static-salt"


@pytest.fixture(autouse=True)
def looks_anew(monkeypatch):
    monkeypatch.setattr(legacy_tokens, "presence", legacy_tokens._Presence())


@pytest.fixture
def hashed(monkeypatch):
    """How many slow hashes were made."""
    made = []
    whole = hash_secret
    monkeypatch.setattr(
        legacy_tokens,
        "hash_secret",
        lambda *args, **kwargs: (made.append(1), whole(*args, **kwargs))[1],
    )
    return made


@pytest.fixture
def one_minute(monkeypatch):
    """The minute that guesses are counted in does not end, and two are enough."""
    monkeypatch.setattr(legacy_tokens, "TRIES_PER_MINUTE", 2)
    moment = time.time()
    monkeypatch.setattr("ghost.core.http.limits.rate_limit.time.time", lambda: moment)


def earlier_hash(raw=RAW, pepper="", salt=SALT):
    """By the recipe in the contract."""
    encoded = argon2.low_level.hash_secret(
        (raw + pepper).encode(), salt.encode(), 2, 65536, 2, 32, Type.ID
    )
    return hashlib.sha256(encoded).hexdigest()


def imported(token_hash, **kwargs):
    row = make.token(Role.PUBLISHER, "Ada")
    values = {"token_hash": token_hash, "scheme": Scheme.ARGON2, "prefix": ""} | kwargs
    Token.objects.filter(pk=row.pk).update(**values)
    return Token.objects.get(pk=row.pk)


def test_the_hash_is_the_one_that_the_earlier_ghost_stored():
    encoded = "$argon2id$v=19$m=65536,t=2,p=2$Z2hvc3Qtc3RhdGljLXNhbHQ$VP9tji453cP+daRkRNos84sq8F7sRrgwY/QYhpqZFjg"

    found = legacy_tokens._with_pepper("t" * 32, "change-me")

    assert (
        found[0]
        == hashlib.sha256(encoded.encode()).hexdigest()
        == earlier_hash("t" * 32, "change-me")
    )


def test_a_token_opens_the_api_the_old_way_and_is_rehashed(hashed):
    row = imported(earlier_hash())

    found = legacy_tokens.find(RAW, "192.0.2.1")

    row.refresh_from_db()
    assert (found, len(hashed)) == (row, 1)
    assert (row.scheme, row.token_hash) == (Scheme.EARLIER, credentials.digest(RAW))
    assert (row.old_hash, row.old_hash_until, row.prefix) == (earlier_hash(), None, RAW[:6])
    assert AuditEvent.objects.filter(action="token.adopt").count() == 1


def test_from_then_on_it_costs_one_query(hashed):
    row = imported(earlier_hash())
    legacy_tokens.find(RAW, "192.0.2.1")
    hashed.clear()

    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = legacy_tokens.find(RAW, "192.0.2.1")

    assert (found, len(hashed), len(asked)) == (row, 0, 1)


def test_a_request_is_answered(client):
    imported(earlier_hash())

    answers = [
        client.post("/api/session/verify", headers={"Authorization": f"Bearer {RAW}"})
        for _ in range(2)
    ]

    assert [(a.status_code, a.json()["display_name"]) for a in answers] == [(200, "Ada")] * 2


@pytest.mark.parametrize(
    ("configured", "pepper"),
    [
        ({}, ""),
        ({"token_pepper": "p" * 32}, "p" * 32),
        ({"token_pepper": "p" * 32}, ""),
        ({"earlier_token_pepper": "change-me"}, "change-me"),
        ({"token_pepper": "p" * 32, "earlier_token_pepper": "change-me"}, "change-me"),
    ],
)
def test_its_pepper_may_be_another_one(configure, configured, pepper):
    secrets = {name: _secret(value) for name, value in configured.items()}
    configure(**secrets)
    row = imported(earlier_hash(pepper=pepper))

    assert legacy_tokens.find(RAW, "192.0.2.1") == row


def _secret(value):
    from pydantic import SecretStr

    return SecretStr(value)


def test_its_salt_may_be_another_one(configure):
    configure(token_salt=SecretStr("salt of their own"))
    row = imported(earlier_hash(salt="salt of their own"))

    assert legacy_tokens.find(RAW, "192.0.2.1") == row


def test_where_argon2_was_missing_the_plain_hash_is_known():
    row = imported(hashlib.sha256(RAW.encode()).hexdigest())

    assert legacy_tokens.find(RAW, "192.0.2.1") == row


def test_a_revoked_one_opens_nothing_and_is_not_rehashed():
    row = imported(earlier_hash())
    row.revoke()

    assert legacy_tokens.find(RAW, "192.0.2.1") is None
    row.refresh_from_db()
    assert row.scheme == Scheme.ARGON2


def test_without_such_tokens_nothing_is_hashed_nor_asked_twice(hashed):
    make.publisher()
    legacy_tokens.find(RAW, "192.0.2.1")

    with CaptureQueriesContext(connection) as asked:
        found = legacy_tokens.find(RAW, "192.0.2.1")

    assert (found, hashed, len(asked)) == (None, [], 0)


@pytest.mark.parametrize(
    "raw", ["", "x" * 31, "x" * 33, "é" * 32, "a b" + "x" * 29, "ghost_" + "x" * 49]
)
def test_what_it_could_not_have_made_costs_nothing(hashed, raw):
    imported(earlier_hash())

    with CaptureQueriesContext(connection) as asked:
        found = legacy_tokens.find(raw, "192.0.2.1")

    assert (found, hashed, len(asked)) == (None, [], 0)


def test_guesses_from_one_address_are_bounded(hashed, one_minute):
    imported(earlier_hash())
    guesses = [f"{n:032}" for n in range(legacy_tokens.TRIES_PER_MINUTE)]
    found = [legacy_tokens.find(guess, "192.0.2.7") for guess in guesses]

    with pytest.raises(TooManyError):
        legacy_tokens.find(RAW, "192.0.2.7")

    assert {*found} == {None}
    assert len(hashed) == legacy_tokens.TRIES_PER_MINUTE
    assert legacy_tokens.find(RAW, "192.0.2.8") is not None


def test_a_guesser_is_told_to_wait(client, one_minute):
    imported(earlier_hash())
    for n in range(legacy_tokens.TRIES_PER_MINUTE):
        client.post("/api/session/verify", headers={"Authorization": f"Bearer {n:032}"})

    answer = client.post("/api/session/verify", headers={"Authorization": f"Bearer {RAW}"})

    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)


def test_few_are_hashed_at_a_time(monkeypatch):
    monkeypatch.setattr(password_hashing, "WAIT_S", 0.0)
    monkeypatch.setattr(password_hashing, "HASHINGS", 1)
    password_hashing._slots.cache_clear()
    imported(earlier_hash())
    inside, go_on = threading.Event(), threading.Event()
    whole = hash_secret

    def slow(*args, **kwargs):
        inside.set()
        go_on.wait(10)
        return whole(*args, **kwargs)

    monkeypatch.setattr(legacy_tokens, "hash_secret", slow)
    first = threading.Thread(target=legacy_tokens._hashes, args=("x" * 32,))
    first.start()
    inside.wait(10)

    with pytest.raises(OutageError, match="try again in a few seconds"):
        legacy_tokens.find(RAW, "192.0.2.1")
    go_on.set()
    first.join()
    assert legacy_tokens.find(RAW, "192.0.2.1") is not None
    password_hashing._slots.cache_clear()


def test_who_comes_second_finds_it_rehashed():
    row = imported(earlier_hash())
    stale = Token.objects.get(pk=row.pk)
    legacy_tokens.find(RAW, "192.0.2.1")

    found = legacy_tokens._adopted(stale, RAW)

    assert (found.scheme, found.token_hash) == (Scheme.EARLIER, credentials.digest(RAW))
    assert AuditEvent.objects.filter(action="token.adopt").count() == 1


@pytest.mark.parametrize("is_used", [False, True])
def test_it_is_found_by_its_raw_form_and_its_hashes(is_used):
    row = imported(earlier_hash())
    if is_used:
        legacy_tokens.find(RAW, "192.0.2.1")

    assert Token.objects.get_by_hash(*legacy_tokens.hashes_of(RAW)) == row
    assert Token.objects.get_by_hash(earlier_hash()) == row


@pytest.mark.parametrize(("overlap", "opens"), [(timedelta(hours=1), True), (timedelta(0), False)])
def test_rotated_it_is_one_of_ours_and_the_old_form_ends_with_the_overlap(overlap, opens):
    row = imported(earlier_hash())
    legacy_tokens.find(RAW, "192.0.2.1")
    row.refresh_from_db()

    raw = row.rotate(overlap=overlap)

    row.refresh_from_db()
    legacy_tokens.presence.forget()
    former = legacy_tokens.find(RAW, "192.0.2.1")
    assert (row.scheme, Token.objects.find_usable(raw)) == (Scheme.GHOST, row)
    assert (former is not None and former.is_former) is opens


def test_what_cannot_be_told_is_not_adopted(hashed, monkeypatch):
    row = imported(earlier_hash())

    def fail(*_args):
        raise OSError

    monkeypatch.setattr(trail, "record", fail)
    with pytest.raises(OSError):  # noqa: PT011  # raised here
        legacy_tokens.find(RAW, "192.0.2.1")

    row.refresh_from_db()
    assert (row.scheme, row.token_hash) == (Scheme.ARGON2, earlier_hash())
