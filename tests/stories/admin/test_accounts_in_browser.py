"""Second factors in a real browser, under the admin's content security policy, with an authenticator
that Chromium plays (WebAuthn's own virtual one)."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User

from tests.browser import needs_chromium, visit
from tests.ghost.accounts import people

pytestmark = [needs_chromium, pytest.mark.django_db(transaction=True)]


def plug_in(page) -> None:
    """A platform authenticator whose owner is always there: a fingerprint reader, say."""
    chromium = page.context.new_cdp_session(page)
    chromium.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    chromium.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def sign_in(page, site: str) -> None:
    page.goto(f"{site}/admin/login/")
    page.fill("input[name=username]", "ann")
    page.fill("input[name=password]", people.PASSWORD)
    page.get_by_role("button", name="Log in").click()


def sign_out(page) -> None:
    page.evaluate("document.getElementById('logout-form').submit()")
    page.get_by_text("Log in again").wait_for()


def troubles(told: list[str]) -> list[str]:
    """But that signing out empties the browser's store, which Chromium tells of."""
    return [line for line in told if "Clear-Site-Data" not in line]


def test_a_passkey_and_a_security_key_sign_in_and_confirm(live_server):
    site = live_server.url
    people.operator()

    with visit() as seen:
        page = seen.page
        plug_in(page)
        sign_in(page, site)
        page.goto(f"{site}/admin/account/keys/add/")
        page.fill("input[name=name]", "Laptop")
        page.check("input[name=passwordless]")
        page.get_by_role("button", name="Add").click()
        codes = page.locator("#recovery-codes").inner_text().split()
        sign_out(page)
        page.goto(f"{site}/admin/login/?next=/admin/teams/token/")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url(f"{site}/admin/teams/token/")
        sign_out(page)
        sign_in(page, site)
        page.get_by_role("button", name="Use a passkey or security key").click()
        page.wait_for_url(f"{site}/admin/")
        page.goto(f"{site}/admin/account/confirm/key/?next=/admin/account/")
        page.get_by_role("button", name="Use a passkey or security key").click()
        page.get_by_text("Laptop").wait_for()
        page.get_by_role("link", name="Remove").click()
        page.get_by_role("button", name="Remove").click()
        page.get_by_text("The key was removed").wait_for()

    assert len(codes) == 10
    assert troubles(seen.told) == []


def test_an_app_is_added_by_its_picture_or_secret_and_a_key_that_does_not_answer_is_told(
    live_server,
):
    site = live_server.url
    people.operator()

    with visit() as seen:
        page = seen.page
        sign_in(page, site)
        page.goto(f"{site}/admin/account/app/add/")
        is_drawn = page.locator("img.ghost-qr").evaluate("img => img.naturalWidth > 50")
        secret = page.locator("#app-secret").inner_text()
        page.fill("input[name=code]", people.code(secret))
        page.get_by_role("button", name="Add").click()
        page.get_by_role("link", name="I have kept them").click()
        page.goto(f"{site}/admin/account/keys/add/")
        page.evaluate(
            "() => { navigator.credentials.create = () => Promise.reject(new Error('no')) }"
        )
        page.get_by_role("button", name="Add").click()
        page.get_by_text("That did not work").wait_for()
        sign_out(page)
        sign_in(page, site)
        page.get_by_label("Code").wait_for()

    assert is_drawn
    assert troubles(seen.told) == []
    (app,) = Authenticator.objects.exclude(type="recovery_codes")
    assert (app.type, app.user) == ("totp", User.objects.get())
