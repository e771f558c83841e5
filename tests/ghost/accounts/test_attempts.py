"""What may be tried how often, and whom a refusal names in the audit trail."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from ghost.core.audit import access
from ghost.core.audit.models import SIGN_IN_LIMITED, AuditEvent
from teams.models import Attempt
from teams.models.sign_in_attempt import MOST
from tests.ghost.accounts import people

pytestmark = pytest.mark.django_db


def limited() -> list[str]:
    """Whom the audit trail names as limited."""
    access.write()
    rows = AuditEvent.objects.filter(action=SIGN_IN_LIMITED).order_by("pk")
    return list(rows.values_list("object_name", flat=True))


@pytest.fixture
def passkey() -> User:
    """An operator with the name of a way to sign in."""
    return people.operator("passkey")


@pytest.fixture
def strangers_try_passkeys() -> list[int]:
    address = reverse("mfa_login_webauthn")
    return [people.browser().get(address).status_code for _ in range(MOST + 1)]


def test_an_operator_called_passkey_is_not_named_for_what_strangers_try(
    passkey, strangers_try_passkeys
):
    assert strangers_try_passkeys[-1] == 429
    assert limited() == [""]


def test_an_operator_called_passkey_has_attempts_of_his_own(passkey, strangers_try_passkeys):
    browser = people.browser()

    assert people.sign_in(browser, "passkey").status_code == 302
    assert Attempt.objects.count() == MOST  # his success forgets nobody else's


@pytest.mark.parametrize("door", ["password", "code", "confirmation"])
def test_who_is_known_is_named(door):
    person = people.operator(app=door != "password")
    browser = people.browser(person if door == "confirmation" else None)
    if door == "code":
        people.sign_in(browser)
    page = {"password": "admin:login", "code": "mfa_authenticate", "confirmation": "mfa_reauthenticate"}[door]  # fmt: skip

    for _ in range(MOST + 1):
        browser.post(reverse(page), {"username": "ANN", "password": "wrong", "code": "000000"})

    assert limited() == ["ann"]
