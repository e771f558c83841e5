"""Who may sign in is added without others waiting for it."""

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.db import connection
from django.urls import reverse

from teams.password_hashing import TurnTakingHasher
from tests import operators

NEW = {"username": "zoe", "usable_password": "true"}


@pytest.fixture
def hashed_in_transaction(monkeypatch, settings) -> list[bool]:
    """Of each password that was hashed, whether others had to wait for it."""
    settings.PASSWORD_HASHERS = ["teams.password_hashing.TurnTakingHasher"]
    found: list[bool] = []
    encode = TurnTakingHasher.encode

    def noted(self, password: str, salt: str, iterations: int | None = None) -> str:
        found.append(connection.in_atomic_block)
        return encode(self, password, salt, iterations)

    monkeypatch.setattr(TurnTakingHasher, "encode", noted)
    return found


@pytest.mark.django_db(transaction=True)
def test_a_new_person_s_password_is_hashed_while_others_can_write(hashed_in_transaction):
    browser = operators.client()
    password = "correct horse staple"

    browser.post(
        reverse("admin:auth_user_add"), NEW | {"password1": password, "password2": password}
    )

    assert hashed_in_transaction == [False]
    assert authenticate(username="zoe", password=password) == User.objects.get(username="zoe")


@pytest.mark.parametrize("fields", [{"password1": "a b c d e", "password2": "other"}, {}])
@pytest.mark.django_db(transaction=True)
def test_what_is_no_password_adds_nobody(fields):
    browser = operators.client()

    answer = browser.post(reverse("admin:auth_user_add"), NEW | fields)

    assert (answer.status_code, User.objects.filter(username="zoe").exists()) == (200, False)


@pytest.mark.django_db(transaction=True)
def test_a_person_without_a_password_has_none():
    browser = operators.client()

    browser.post(reverse("admin:auth_user_add"), NEW | {"usable_password": "false"})

    assert not User.objects.get(username="zoe").has_usable_password()
