"""Mails to people about changes of their account, where mail is set up: if it was somebody else, they
hear of it. A worker sends them, so no page waits for a mail server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ghost.accounts import tasks
from ghost.accounts.browsers import browser_of
from ghost.core.http.request.client_address import client_address
from ghost.core.io import mail
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SENTENCES: dict[str, _StrPromise] = {
    "mfa/email/totp_activated": _("An authenticator app was added as second factor."),
    "mfa/email/totp_deactivated": _("The authenticator app was removed as second factor."),
    "mfa/email/webauthn_added": _("A passkey or security key was added."),
    "mfa/email/webauthn_removed": _("A passkey or security key was removed."),
    "mfa/email/recovery_codes_generated": _("New recovery codes were made; the old ones are void."),
    "recovery_code_used": _("One of your recovery codes was used."),
    "second_factor_reset": _("An operator removed your second factor."),
    "password_changed": _("Your password was changed."),
    "sessions_ended": _("Another operator ended your sessions."),
}
"""What happened, by allauth's names and by ours."""


def send(request: HttpRequest | None, user: User, what: str) -> None:
    """Tell somebody what happened to the account; without a request, a command did it."""
    if not (user.email and mail.is_set_up()):
        return
    subject, body = _words(request, user, str(SENTENCES[what]))
    transaction.on_commit(
        lambda: queue.enqueue(tasks.send_mail, user.pk, subject, body, kind=JobKind.OTHER) and None
    )


def _words(request: HttpRequest | None, user: User, told: str) -> tuple[str, str]:
    facts = {
        "name": user.get_username(),
        "site": settings.GHOST.site_title,
        "told": told,
        "at": date_format(timezone.localtime(), "DATETIME_FORMAT"),
        "zone": timezone.get_current_timezone_name(),
        "address": (client_address(request) if request else "") or gettext("unknown"),
        "browser": browser_of(request.headers.get("User-Agent", "") if request else ""),
    }
    body = gettext(
        "Hello %(name)s,\n\nthis happened to your account at %(site)s:\n\n%(told)s\n\n"
        "Time: %(at)s (%(zone)s)\nAddress: %(address)s\nBrowser: %(browser)s\n\n"
        "If it was not you, change your password, end your sessions and tell the other operators.\n"
    )
    return gettext("Your account at %(site)s was changed") % facts, body % facts
