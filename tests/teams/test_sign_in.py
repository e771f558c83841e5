from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from teams.models.sign_in_attempt import MOST, WINDOW, Attempt

pytestmark = pytest.mark.django_db

REFUSED = "Too many attempts to sign in. Try again in 15 minutes."


@pytest.fixture(autouse=True)
def root() -> User:
    return User.objects.create_superuser("root", password="right")


def sign_in(password: str, username: str = "root", address: str = "192.0.2.1"):
    fields = {"username": username, "password": password, "next": "/admin/"}
    return Client(REMOTE_ADDR=address).post(reverse("admin:login"), fields)


def errors(response) -> list[str]:
    return response.context["form"].non_field_errors()


def guess(times: int, **who: str) -> None:
    for _ in range(times):
        sign_in("wrong", **who)


def test_after_too_many_failures_even_the_right_password_is_refused():
    guess(MOST)

    answer = sign_in("right")

    assert answer.status_code == 200
    assert errors(answer) == [REFUSED]
    assert REFUSED in answer.content.decode()


def test_one_failure_less_lets_in_and_success_begins_anew():
    guess(MOST - 1)

    first = sign_in("right")
    guess(MOST - 1)
    second = sign_in("right")

    assert (first.status_code, second.status_code) == (302, 302)
    assert Attempt.objects.count() == 0


@pytest.mark.parametrize(
    ("other", "status"),
    [({"address": "192.0.2.2"}, 302), ({"username": "ROOT"}, 200), ({"username": "eve"}, 200)],
)
def test_names_and_addresses_are_counted_apart(other, status):
    guess(MOST)

    answer = sign_in("right", **other)

    is_refused = answer.status_code == 200 and errors(answer) == [REFUSED]
    assert answer.status_code == status
    assert is_refused == (other == {"username": "ROOT"})


def test_the_door_opens_again_and_what_is_old_is_forgotten():
    guess(MOST)
    Attempt.objects.update(at=timezone.now() - WINDOW + timedelta(seconds=30))
    soon = sign_in("right")
    Attempt.objects.update(at=timezone.now() - WINDOW)

    later = sign_in("right")

    assert errors(soon) == ["Too many attempts to sign in. Try again in 1 minute."]
    assert later.status_code == 302
    assert Attempt.objects.count() == 0


def test_refusals_do_not_prolong_the_wait():
    guess(MOST + 3)

    assert Attempt.objects.count() == MOST
