"""Passwords are hashed few at a time, wherever one is checked or set."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from ghost import settings as real_settings
from ghost.core.errors import OutageError
from teams import legacy_tokens, password_hashing
from teams.models import Attempt
from tests import operators

pytestmark = pytest.mark.django_db


@pytest.fixture
def hasher(settings, configure, tmp_path, monkeypatch):
    """The real one, quick, with slots of this test alone."""
    settings.PASSWORD_HASHERS = real_settings.PASSWORD_HASHERS
    configure(db_path=tmp_path / "ghost.db")
    monkeypatch.setattr(password_hashing.TurnTakingHasher, "iterations", 10)
    monkeypatch.setattr(password_hashing, "WAIT_S", 0.0)
    password_hashing._slots.cache_clear()
    yield
    password_hashing._slots.cache_clear()


@pytest.fixture
def all_busy(hasher):
    """Others hash as many as may be hashed."""
    with ExitStack() as stack:

        def begin():
            for _ in range(password_hashing.HASHINGS):
                stack.enter_context(password_hashing.turn())

        yield begin


def test_a_password_is_set_and_checked(hasher):
    person = User.objects.create_user("ann", password="right")

    assert person.password.startswith("pbkdf2_sha256$10$")
    assert authenticate(username="ann", password="right") == person
    assert authenticate(username="ann", password="wrong") is None


def test_however_a_keyboard_spells_it_it_is_one_password(hasher):
    User.objects.create_user("ann", password="u\u0308ber den Wolken")

    assert authenticate(username="ann", password="\u00fcber den Wolken")


def test_a_third_waits_for_no_long_time(all_busy):
    person = User.objects.create_user("ann", password="right")
    all_busy()

    for ask in (
        lambda: authenticate(username="ann", password="right"),
        lambda: authenticate(username="nobody", password="right"),
        lambda: person.set_password("other"),
        lambda: legacy_tokens._hashes("x" * 32),
    ):
        with pytest.raises(OutageError, match="Too many passwords"):
            ask()


@pytest.mark.parametrize("door", ["login", "password_change", "new person", "another's password"])
def test_every_door_says_when_to_come_again(all_busy, door):
    person = User.objects.create_user("ann", password="right")
    browser = operators.client()
    browser.raise_request_exception = False
    new = {"password1": "correct horse staple", "password2": "correct horse staple"}
    all_busy()

    if door == "login":
        fields = {"username": "ann", "password": "right"}
        answer = Client(raise_request_exception=False).post(reverse("admin:login"), fields)
    elif door == "password_change":
        browser.force_login(person)
        person.is_staff = True
        person.save()
        answer = browser.post(reverse("admin:password_change"), {"old_password": "right"})
    elif door == "new person":
        fields = new | {"username": "zoe", "usable_password": "true"}
        answer = browser.post(reverse("admin:auth_user_add"), fields)
    else:
        address = reverse("admin:auth_user_password_change", args=[person.pk])
        answer = browser.post(address, new | {"usable_password": "true"})

    is_form = door == "new person"  # which says so above its fields
    assert (answer.status_code, answer.get("Retry-After")) == (
        (200, None) if is_form else (503, "30")
    )
    assert "Too many passwords are being checked" in answer.content.decode()
    assert not User.objects.filter(username="zoe").exists()
    assert Attempt.objects.count() == 0  # nobody is locked out since others keep Ghost busy
