"""Wherever a password is typed it can be shown, pasted and filled in, and its rules are told."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.test import Client

from ghost.accounts.links import first_operator, reset_links
from ghost.accounts.password_rules import LEAST, MOST
from tests.ghost.accounts import people

pytestmark = pytest.mark.django_db

NEW, OLD = "new-password", "current-password"


def first_link() -> str:
    User.objects.all().delete()
    return first_operator.make().read_text().strip().removeprefix("http://testserver:8000")


def reset_link() -> str:
    person = User.objects.create_superuser("eve", "e@example.org", "a battery of horses")
    return reset_links._link(person).removeprefix("http://testserver:8000")


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        (lambda: "/admin/login/", [OLD]),
        (lambda: "/admin/password_change/", [OLD, NEW, NEW]),
        (lambda: "/admin/auth/user/add/", [NEW, NEW]),
        (lambda: f"/admin/auth/user/{User.objects.all()[0].pk}/password/", [NEW, NEW]),
        (lambda: "/admin/account/confirm/", [OLD]),
        (first_link, [NEW, NEW]),
        (reset_link, [NEW, NEW]),
    ],
    ids=["sign-in", "own", "new person", "other person", "confirm", "first operator", "reset"],
)
def test_each_password_can_be_shown_and_filled_in(configure, tmp_path, page, fields):
    configure(secrets_dir=tmp_path)
    browser = people.browser(people.operator())
    address = page()
    if fields == [OLD] and address == "/admin/login/":
        browser = Client()

    text = browser.get(address, follow=True).content.decode()

    inputs = re.findall(r"<input[^>]*'password'[^>]*>", text)
    assert [re.findall(r'autocomplete="([^"]*)"', each) for each in inputs] == [[f] for f in fields]
    assert text.count('class="ghost-password-button"') == len(fields)
    assert not re.search(r"onpaste|maxlength", "".join(inputs))
    assert (f"{LEAST} to {MOST} characters" in text) == (NEW in fields)


@pytest.mark.parametrize("blank", [" a battery of horses ", "a battery of horses\t"])
def test_blanks_around_a_password_are_part_of_it(blank):
    person = User.objects.create_superuser("ann", "a@example.org", "x" * 20)
    token = default_token_generator.make_token(person)
    browser = Client()
    form = browser.get(f"/admin/account/password/reset/MQ/{token}/".replace("MQ", _key(person)))

    browser.post(form["Location"], {"new_password1": blank, "new_password2": blank})
    person.refresh_from_db()
    signed_in = browser.post("/admin/login/", {"username": "ann", "password": blank})

    assert person.check_password(blank)
    assert not person.check_password(blank.strip())
    assert signed_in.status_code == 302


def _key(person: User) -> str:
    return reset_links._link(person).split("/")[-3]
