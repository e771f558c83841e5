"""Who signed in and out, and who could not, for the audit trail; and a new key for each session."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import signals
from django.contrib.auth.models import User
from django.http import HttpRequest

from ghost.core.audit import access
from ghost.core.audit.models import SIGN_IN_FAILED


def connect() -> None:
    """From now on: when the program starts. Whoever checks a password tells Django, allauth too."""
    signals.user_logged_in.connect(_signed_in)
    signals.user_logged_out.connect(_signed_out)
    signals.user_login_failed.connect(_failed)


def _signed_in(request: HttpRequest, user: User, **_: object) -> None:
    # Django keeps the key of who signs in once more as the same person.
    if request.session.session_key == request.COOKIES.get(settings.SESSION_COOKIE_NAME):
        request.session.cycle_key()
    access.note(access.SIGN_IN, user)


def _signed_out(user: User | None, **_: object) -> None:
    if user is not None:
        access.note(access.SIGN_OUT, user)


def _failed(credentials: dict[str, Any], **_: object) -> None:
    access.refuse(SIGN_IN_FAILED, username=str(credentials.get("username", "")))
