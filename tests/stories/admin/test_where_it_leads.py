"""Where signing in, signing out and every `next` lead: never off this host, never into nothing."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests import make, operators

pytestmark = pytest.mark.django_db

PASSWORD = "a battery of horses"
FOREIGN = [
    "https://evil.example/", "http://evil.example", "//evil.example/", "///evil.example", "////evil.example",
    "/\\evil.example", "\\\\evil.example", "\\/evil.example", "http:///evil.example", "https:evil.example",
    "javascript:alert(1)", "data:text/html,x", " //evil.example", "\t//evil.example", "/\t/evil.example",
    "\x08//evil.example", "http://testserver@evil.example/", "https://testserver.evil.example/",
    "//testserver:80@evil.example", "http://[::1", "ftp://testserver/",
]  # fmt: skip
NAMES = ("next", "return")


@pytest.fixture(autouse=True)
def root() -> User:
    return User.objects.create_superuser("root", password=PASSWORD)


def leads_to(answer) -> str:
    """Its Location as browsers read it: backslashes are slashes, and controls nothing."""
    told = answer.headers.get("Location", "")
    return "".join(c for c in told.replace("\\", "/") if c > " ")


def is_here(answer) -> bool:
    address = leads_to(answer)
    parts = urlsplit(address)
    return (
        parts.netloc in ("", "testserver") and parts.scheme in ("", "http") and address[:2] != "//"
    )


def sign_in(**more: str):
    return Client().post("/admin/login/", {"username": "root", "password": PASSWORD} | more)


@pytest.mark.parametrize("wanted", [None, "", *FOREIGN])
def test_signing_in_leads_to_the_dashboard(wanted):
    answer = sign_in(**({} if wanted is None else {"next": wanted}))

    assert (answer.status_code, leads_to(answer)) == (302, "/admin/")


def test_signing_in_leads_back_to_where_somebody_was():
    asked = Client().get("/admin/resources/resource/?q=a")

    answer = sign_in(next="/admin/resources/resource/?q=a")

    assert asked["Location"].startswith("/admin/login/?next=/admin/resources/")
    assert answer["Location"] == "/admin/resources/resource/?q=a"


def test_who_is_signed_in_is_led_on_as_others_are():
    browser = Client()
    browser.force_login(User.objects.get())

    found = {leads_to(browser.get("/admin/login/", {"next": each})) for each in ("", *FOREIGN)}

    assert found == {"/admin/"}


@pytest.mark.parametrize("name", NAMES)
def test_no_parameter_of_signing_out_or_of_the_language_leads_away(name):
    for wanted in FOREIGN:
        browser = Client()
        browser.force_login(User.objects.get())
        answers = [
            browser.post(f"/i18n/setlang/?{name}=x", {"language": "en", name: wanted}),
            browser.get("/i18n/setlang/", {"language": "en", name: wanted}),
            browser.get("/admin/", {name: wanted}),
            browser.get("/admin/account/confirm/", {name: wanted}),
            browser.post("/admin/logout/", {name: wanted}),
        ]
        assert all(is_here(each) for each in answers), (
            wanted,
            [leads_to(each) for each in answers],
        )


@pytest.mark.parametrize("name", NAMES)
def test_no_parameter_of_an_action_leads_away(name):
    browser, row = operators.client("Operator"), make.resource()

    for wanted in FOREIGN:
        answer = operators.act(browser, "resources_resource", "check_health", row, **{name: wanted})
        assert answer.status_code == 302
        assert is_here(answer), wanted


def test_behind_tls_nothing_leads_to_plain_http(settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    browser, row = operators.client("Operator"), make.resource()
    fields = {
        "action": "check_health",
        "_selected_action": [row.pk],
        "next": "http://testserver/admin/",
    }

    answer = browser.post("/admin/resources/resource/", fields, secure=True)

    assert leads_to(answer) == "/admin/resources/resource/"


def test_there_is_no_profile():
    assert Client().get("/accounts/profile/").status_code == 404
    assert Client().get("/accounts/login/").status_code == 404
