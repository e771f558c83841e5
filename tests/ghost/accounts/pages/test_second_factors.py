"""The pages of one's own account: their headers, their language, and keys."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from ghost.accounts import urls
from tests.ghost.accounts import people

pytestmark = pytest.mark.django_db


def add_key(person: User, monkeypatch) -> Authenticator:
    """A key that is only looked at."""
    row = Authenticator.objects.create(user=person, type="webauthn", data={"name": "Laptop", "credential": {}})  # fmt: skip
    monkeypatch.setattr("allauth.mfa.webauthn.internal.auth.get_credentials", lambda user: [])
    return row


@pytest.fixture
def pages(monkeypatch) -> list[tuple[Client, str]]:
    """Every page of accounts, with who may see it: before and after the password, with and without a
    second factor."""
    plain, strong = people.operator("ann"), people.operator("bob", app=True, codes=True)
    key = add_key(strong, monkeypatch)
    between = people.browser()
    people.sign_in(between, "bob")
    found = [(people.browser(), reverse("account_login")), (between, reverse("mfa_authenticate"))]
    for each in urls.urlpatterns:
        wanted = set(each.pattern.converters)
        if wanted <= {"pk"}:  # the others are links that open nothing now
            address = reverse(str(each.name), kwargs=dict.fromkeys(wanted, key.pk))
            found += [(people.browser(who), address) for who in (plain, strong)]
    found.append((people.browser(plain), reverse("admin:auth_user_account", args=[strong.pk])))
    return found


def test_every_page_keeps_scripts_and_caches_out(pages):
    seen = set()
    for browser, address in pages:
        answer = browser.get(address)
        if answer.status_code != 200 or "html" not in answer["Content-Type"]:
            continue
        seen.add(address)
        page = answer.content.decode()
        policy = answer["Content-Security-Policy"]
        assert "script-src 'self' 'unsafe-eval'" in policy, address
        assert "no-store" in answer["Cache-Control"] or "/auth/user/" in address
        assert "frame-ancestors 'none'" in policy, address
        scripts = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", page)
        assert all('type="application/json"' in script for script in scripts), address
        assert not re.search(r"\son\w+=|javascript:", page), address

    assert len(seen) >= 15


class Words(HTMLParser):
    """What people read of a page, but for code, and icons, which are named by words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.hidden: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.found += [str(told.get(name, "")) for name in ("placeholder", "aria-label", "alt")]
        is_icon = "material-symbols" in str(told.get("class"))
        if self.hidden or tag in ("script", "style", "svg", "code", "pre", "title") or is_icon:
            self.hidden += [tag] if tag not in VOID else []

    def handle_endtag(self, tag: str) -> None:
        if self.hidden and tag == self.hidden[-1]:
            self.hidden.pop()

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.found.append(data)


VOID = ("input", "img", "br", "link", "meta", "path", "hr")
ENGLISH = re.compile(r"[A-Za-z]{3,}")
NAMES = {
    "Ghost",
    "Git",
    "English",
    "Ctrl",
    "esc",
    "ann",
    "bob",
    "Bob",
    "Laptop",
    "PIN",
    "https",
    "JavaScript",
    "hans",
}


def test_no_english_is_left_on_a_chinese_page(pages):
    left = {}
    for browser, address in pages:
        answer = browser.get(address, headers={"Accept-Language": "zh-hans"})
        if answer.status_code == 200 and "html" in answer["Content-Type"]:
            words = " ".join(Words(answer.content.decode()).found)
            left[address] = set(ENGLISH.findall(words)) - NAMES

    assert len(left) >= 15
    assert {address: words for address, words in left.items() if words} == {}


def test_what_is_typed_wrong_is_told_in_chinese():
    people.operator("bob", app=True)
    browser = people.browser(headers={"Accept-Language": "zh-hans"})
    people.sign_in(browser, "bob")

    page = browser.post(reverse("mfa_authenticate"), {"code": "000000"}).content.decode()

    assert "验证码只能使用一次" in page


def test_a_key_is_renamed_and_the_last_one_that_is_needed_stays(monkeypatch, configure):
    person = people.operator()
    key = add_key(person, monkeypatch)
    browser = people.browser(person)

    browser.post(reverse("mfa_edit_webauthn", args=[key.pk]), {"name": "Desk"})
    configure(mfa_required_groups=("*",))
    refused = browser.post(reverse("mfa_remove_webauthn", args=[key.pk]))

    (left,) = Authenticator.objects.all()
    assert left.data["name"] == "Desk"
    assert refused["Location"] == "/admin/account/"
    page = browser.get("/admin/account/").content.decode()
    assert "You must have a second factor" in page


def test_nobody_touches_another_s_key(monkeypatch):
    key = add_key(people.operator("bob"), monkeypatch)
    browser = people.browser(people.operator("ann"))

    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        assert browser.post(reverse(name, args=[key.pk]), {"name": "x"}).status_code == 404

    assert Authenticator.objects.get().data["name"] == "Laptop"
