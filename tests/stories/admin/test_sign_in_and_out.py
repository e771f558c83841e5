"""What holds for a session from its beginning to its end, and for every page on which a password is typed."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from tests import routes

pytestmark = pytest.mark.django_db

PASSWORD = "  Ða correct horse, battery  "
"""With blanks at both ends, which are part of it."""
ALLOWED = {"current-password", "new-password", "one-time-code"}
"""Of HTML's `autocomplete`: what password managers and browsers may fill in."""


@pytest.fixture(autouse=True)
def zoe() -> User:
    return User.objects.create_superuser("zoe", password=PASSWORD)


def sign_in(browser: Client, password: str = PASSWORD):
    fields = {"username": "zoe", "password": password, "next": "/admin/"}
    return browser.post("/admin/login/", fields)


def key_of(browser: Client) -> str:
    cookie = browser.cookies.get(settings.SESSION_COOKIE_NAME)
    return cookie.value if cookie else ""


class Page(HTMLParser):
    """What is typed on a page, and where its forms lead."""

    def __init__(self, response) -> None:
        super().__init__()
        self.inputs: list[dict[str, str | None]] = []
        self.forms: list[str] = []
        self.feed(response.content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "input":
            self.inputs.append(dict(attrs))
        elif tag == "form":
            self.forms.append(dict(attrs).get("action") or "")

    @property
    def passwords(self) -> list[dict[str, str | None]]:
        return [each for each in self.inputs if "password" in (each.get("name") or "")]


def test_signing_in_begins_another_session_and_signing_out_ends_it():
    browser = Client()
    browser.get("/admin/account/passkey/")  # gives a stranger a session
    before = key_of(browser)

    sign_in(browser)
    signed_in = key_of(browser)
    stolen = Client()
    stolen.cookies[settings.SESSION_COOKIE_NAME] = signed_in
    was_open = stolen.get("/admin/").status_code
    browser.post("/admin/logout/")

    assert len({before, signed_in, ""}) == 3
    assert was_open == 200
    assert stolen.get("/admin/").status_code == 302
    assert not Session.objects.filter(session_key__in=[before, signed_in]).exists()


@pytest.mark.parametrize(
    "typed",
    [PASSWORD.strip(), PASSWORD.upper(), PASSWORD[:-1], PASSWORD + " ", PASSWORD.replace("Ð", "D")],
)
def test_a_password_is_what_was_typed_and_nothing_like_it(typed):
    assert sign_in(Client(), typed).status_code == 200


def test_a_password_is_what_was_typed():
    assert sign_in(Client()).status_code == 302


def test_every_field_of_a_password_is_masked_and_may_be_filled_by_a_manager():
    browser = Client()
    pages = {"/admin/login/": Page(browser.get("/admin/login/"))}
    sign_in(browser)
    for address in [each for each in routes.of_admin() if "account" in each or "password" in each]:
        response = browser.get(address)
        if response.status_code == 200 and "text/html" in response["Content-Type"]:
            pages[address] = Page(response)

    typed = {(at, each["name"]): each for at, page in pages.items() for each in page.passwords}

    assert len(typed) >= 4
    assert {
        where
        for where, each in typed.items()
        if each["type"] not in ("password", "radio", "checkbox")
    } == set()
    assert {where: each for where, each in typed.items()
            if each["type"] == "password" and each.get("autocomplete") not in ALLOWED} == {}  # fmt: skip
    assert [at for at, page in pages.items() for each in page.inputs if "onpaste" in each] == []


def test_signing_out_is_offered_on_every_page_of_who_has_signed_in():
    browser = Client()
    sign_in(browser)
    pages = {
        address: response
        for address in ("/admin/", "/admin/teams/token/", "/admin/account/", "/admin/account/sessions/",
                        "/admin/password_change/")
        if (response := browser.get(address, follow=True)).status_code == 200
    }  # fmt: skip

    assert len(pages) == 5
    assert [at for at, page in pages.items() if "/admin/logout/" not in Page(page).forms] == []
