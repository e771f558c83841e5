import ipaddress
from datetime import timedelta
from functools import partial

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from teams.models.sign_in_attempt import MOST, MOST_OF_SCOPE, WINDOW, Attempt
from tests import operators
from tests.threads import together

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


def guess_names(number: int, address: str) -> list[bool]:
    """Whether each of so many names from there was refused unlooked at."""
    answers = [sign_in("wrong", f"name{n}", address) for n in range(number)]
    return [errors(answer) == [REFUSED] for answer in answers]


def test_many_names_from_one_address_are_refused():
    refused = guess_names(25, "192.0.2.1")

    assert refused == [False] * MOST_OF_SCOPE + [True] * (25 - MOST_OF_SCOPE)
    assert errors(sign_in("right")) == [REFUSED]


def test_another_address_signs_in_whatever_one_tries():
    guess(MOST, address="192.0.2.1")
    guess_names(25, "192.0.2.1")

    assert sign_in("right", address="192.0.2.2").status_code == 302


def test_a_success_forgets_its_own_failures_alone():
    guess_names(MOST_OF_SCOPE - 1, "192.0.2.1")

    first, second = sign_in("right"), sign_in("right")
    guess(1)

    assert (first.status_code, second.status_code) == (302, 302)
    assert errors(sign_in("right")) == [REFUSED]


def test_addresses_of_one_network_of_ipv6_count_as_one():
    for n in range(MOST):
        sign_in("wrong", address=f"2001:db8:1:2::{n:x}")

    assert errors(sign_in("right", address="2001:db8:1:2:ffff::9")) == [REFUSED]
    assert sign_in("right", address="2001:db8:1:3::1").status_code == 302


def test_the_caller_behind_a_trusted_proxy_is_counted(configure):
    configure(trusted_proxies=(ipaddress.ip_network("127.0.0.1"),))
    fields = {"username": "root", "password": "wrong"}

    for _ in range(MOST):
        Client(headers={"X-Forwarded-For": "6.6.6.6, 192.0.2.9"}).post("/admin/login/", fields)

    assert Attempt.objects.filter(scope="192.0.2.9").count() == MOST


def test_a_refused_attempt_hashes_nothing_and_is_written_once_a_minute(monkeypatch):
    guess(MOST)
    sign_in("right")

    def fail(*_args, **_kwargs):
        raise AssertionError("a password was looked at")

    monkeypatch.setattr("django.contrib.auth.hashers.check_password", fail)
    with CaptureQueriesContext(connection) as queries:
        answer = sign_in("right")

    assert errors(answer) == [REFUSED]
    assert {query["sql"].split()[0] for query in queries} == {"SELECT"}


@pytest.fixture
def browser(root) -> Client:
    signed_in = Client(REMOTE_ADDR="192.0.2.1", raise_request_exception=False)
    signed_in.force_login(root)
    return signed_in


def change(browser: Client, old: str, new: str = "correct horse staple"):
    fields = {"old_password": old, "new_password1": new, "new_password2": new}
    return browser.post(reverse("admin:password_change"), fields)


def test_ones_own_password_cannot_be_guessed_at_its_change(browser, root):
    wrong = [change(browser, "wrong").status_code for _ in range(MOST)]

    refused = change(browser, "right")

    assert wrong == [200] * MOST
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= WINDOW.total_seconds()
    assert REFUSED in refused.content.decode()
    root.refresh_from_db()
    assert root.check_password("right")
    assert errors(sign_in("right")) == [REFUSED]  # one count for both doors


def test_ones_own_password_is_changed_and_its_failures_forgotten(browser, root):
    change(browser, "wrong")

    answer = change(browser, "right")

    assert answer.status_code == 302
    root.refresh_from_db()
    assert root.check_password("correct horse staple")
    assert Attempt.objects.count() == 0


def test_the_page_of_a_password_is_for_people_who_signed_in():
    answer = Client().post(reverse("admin:password_change"), {"old_password": "x"})

    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")
    assert Attempt.objects.count() == 0
    assert operators.client("Viewer").get(reverse("admin:password_change")).status_code == 200


def test_threads_share_the_count(file_database):
    def try_it(n: int) -> list[bool]:
        answers = [sign_in("wrong", f"name{n}-{m}") for m in range(5)]
        return [REFUSED in answer.content.decode() for answer in answers]

    answers = together(*(partial(try_it, n) for n in range(6)))
    refused = [each for some in answers for each in some]

    assert refused.count(False) == MOST_OF_SCOPE


@pytest.mark.parametrize("wanted", ["", "//evil.example/", "https://evil.example/", "/nothing\0"])
def test_without_a_good_address_to_go_to_it_leads_to_the_dashboard(wanted):
    fields = {"username": "root", "password": "right"} | ({"next": wanted} if wanted else {})

    answer = Client().post(reverse("admin:login"), fields)

    assert answer["Location"] in ("/admin/", "/nothing%00")


def test_who_no_longer_may_is_not_sent_in_circles(root):
    browser = Client()
    browser.force_login(root)
    User.objects.update(is_staff=False)

    assert browser.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    assert browser.get("/admin/login/?next=/admin/").status_code == 200


@pytest.mark.parametrize("name", ["account_signup", "account_signup_by_passkey", "account_email"])
def test_nobody_makes_his_own_account(name):
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_no_admin_page_shows_rows_of_allauth():
    shown = {model._meta.app_label for model in admin.site._registry}

    assert not shown & {"account", "mfa", "usersessions", "socialaccount"}
