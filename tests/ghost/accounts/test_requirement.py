"""GHOST_MFA_REQUIRED_GROUPS: who must have a second factor and has none reaches nothing."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from ghost.accounts import requirement
from ghost.api.events import _is_signed_in
from teams import groups
from tests import operators
from tests.ghost.accounts import people
from tests.presence import present

pytestmark = pytest.mark.django_db

SET_UP = "/admin/account/"
ARGUMENTS = {
    "pk": 1,
    "object_id": "1",
    "id": 1,
    "app_label": "teams",
    "content_type_id": 1,
    "url": "x",
    "uidb64": "MQ",
    "token": "x",
    "name": "disk-full",
    "kind": "full",
}


def addresses(resolver: URLResolver, before: str = "") -> list[tuple[str, str]]:
    """Name and address of everything below /admin/."""
    found = []
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            if each.app_name in (None, "", "admin"):
                found += addresses(each, f"{each.namespace}:" if each.namespace else before)
        elif isinstance(each, URLPattern) and each.name and (before or "account" in each.name):
            wanted = {name: ARGUMENTS[name] for name in each.pattern.converters}
            wanted |= {name: ARGUMENTS[name] for name in each.pattern.regex.groupindex}
            found.append((before + each.name, reverse(before + each.name, kwargs=wanted)))
    return found


@pytest.fixture
def members(configure) -> Client:
    configure(mfa_required_groups=("Operator",))
    return operators.client("Operator")


def test_without_the_second_factor_they_reach_nothing_but_the_pages_that_set_one_up(members):
    closed = [each for each in addresses(get_resolver()) if each[0] not in requirement.OPEN]

    reached = {
        address
        for _name, address in closed
        for method in (members.get, members.post)
        if method(address).headers.get("Location") != SET_UP
    }

    assert len(closed) > 100
    assert reached == {"/admin/login/"}  # of the admin's own name for the page that is open


@pytest.mark.parametrize(
    "name", sorted(requirement.OPEN - {"account_login", "admin:logout", "set_language"})
)
def test_the_pages_that_set_one_up_are_open(members, name):
    answer = members.get(reverse(name))

    assert answer.headers.get("Location", "") not in (SET_UP, "/admin/login/")
    assert answer.status_code in (200, 302, 403, 404)


def test_to_the_api_and_to_health_they_are_strangers(members, configure):
    key = present(members.session.session_key)

    assert members.get("/api/events").status_code == 401
    assert set(members.get("/health").json()) == {"status"}
    assert _is_signed_in(key) is False
    configure(mfa_required_groups=())
    assert _is_signed_in(key) is True
    assert len(members.get("/health").json()) > 1


def test_with_the_second_factor_everything_is_open(members):
    user = User.objects.get()
    Authenticator.objects.create(user=user, type="totp", data={})

    assert members.get("/admin/").status_code == 200
    assert members.get("/health").json().keys() > {"status"}


def test_recovery_codes_alone_are_none(members):
    RecoveryCodes.activate(User.objects.get())

    assert members.get("/admin/")["Location"] == SET_UP


def test_signing_in_leads_to_the_set_up(configure):
    configure(mfa_required_groups=("Viewer",))
    people.operator()
    browser = people.browser()

    answer = browser.get(people.sign_in(browser)["Location"])

    assert answer["Location"] == SET_UP
    assert "Your group must have a second factor" in browser.get(SET_UP).content.decode()


@pytest.mark.parametrize(
    ("named", "group", "is_root", "needed"),
    [
        ((), "Operator", True, False),
        (("Operator",), "Operator", False, True),
        (("Operator",), "Viewer", False, False),
        (("Operator",), "", True, True),
        (("*",), "", False, True),
        (("nobody",), "Operator", False, False),
    ],
)
def test_who_must_have_one(configure, named, group, is_root, needed):
    configure(mfa_required_groups=named)
    groups.sync()
    person = User.objects.create_user("ann", is_staff=True, is_superuser=is_root)
    person.groups.set(Group.objects.filter(name=group))

    assert requirement.is_required(person) is needed


def test_the_last_second_factor_of_who_must_have_one_stays(configure):
    configure(mfa_required_groups=("*",))
    browser = people.browser(people.operator(app=True))

    shown = browser.get(reverse("mfa_deactivate_totp")).content.decode()
    browser.post(reverse("mfa_deactivate_totp"))

    assert "You must have a second factor" in shown
    assert Authenticator.objects.count() == 1


def test_names_that_no_group_has_are_found(configure):
    groups.sync()
    configure(mfa_required_groups=("Operator", "Operators", "*"))

    assert requirement.unknown_groups() == ["Operators"]


def test_where_nobody_must_have_one_nothing_is_asked(django_assert_num_queries):
    browser = operators.client()
    with django_assert_num_queries(0):
        assert requirement.is_missing(User(is_superuser=True)) is False
    assert browser.get("/admin/").status_code == 200
