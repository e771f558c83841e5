"""Operators with second factors, and the codes of their apps."""

from __future__ import annotations

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "right"


def operator(name: str = "ann", *, app: bool = False, codes: bool = False) -> User:
    person = User.objects.create_superuser(name, password=PASSWORD)
    if app:
        cache.clear()  # of the codes that people of other tests, with the same key, have used
        auth.TOTP.activate(person, SECRET)
    if codes:
        RecoveryCodes.activate(person)
    return person


def code(secret: str = SECRET) -> str:
    """What the app shows now."""
    return auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30))


def recovery_codes(person: User) -> list[str]:
    return Authenticator.objects.get(user=person, type="recovery_codes").wrap().get_unused_codes()


def browser(person: User | None = None, address: str = "192.0.2.1", **more) -> Client:
    found = Client(REMOTE_ADDR=address, **more)
    if person:
        found.force_login(person)
    return found


def sign_in(browser: Client, name: str = "ann", password: str = PASSWORD):
    return browser.post(reverse("admin:login"), {"username": name, "password": password})


def leave_alone(browser: Client, seconds: float) -> None:
    """As if they had said who they are so long ago."""
    session = browser.session
    session["confirmed_at"] = time.time() - seconds
    session.save()
