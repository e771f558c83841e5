"""What happens to second factors, for the audit trail: whose, of what kind, by which name; no secret."""

from __future__ import annotations

from typing import Any

from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest

from ghost.accounts import notices, operator_sessions
from ghost.accounts.factors import one_time_codes
from ghost.core.audit import actors, trail

CODES = Authenticator.Type.RECOVERY_CODES
NAMES = {
    Authenticator.Type.TOTP: "app",
    Authenticator.Type.WEBAUTHN: "key",
    CODES: "recovery codes",
}


def _fields(row: Authenticator) -> dict[str, Any]:
    name = row.data.get("name", "") if row.type == Authenticator.Type.WEBAUTHN else ""
    return {"second_factor": NAMES[row.type]} | ({"key": name} if name else {})


def _added(
    sender: object,
    *,
    request: HttpRequest,
    user: User,
    authenticator: Authenticator,
    **_more: Any,  # noqa: ANN401  # a signal's
) -> None:
    """The other sessions were begun without it: they end."""
    trail.record("user.add_second_factor", user, None, _fields(authenticator))
    operator_sessions.end(user, keep=request.session.session_key)
    if authenticator.type == Authenticator.Type.TOTP:
        one_time_codes.take(authenticator)  # the one that proved it lets nobody in as well


def _removed(
    sender: object,
    *,
    request: HttpRequest,
    user: User,
    authenticator: Authenticator,
    **_more: Any,  # noqa: ANN401  # as above
) -> None:
    """It may have been stolen: what was begun by it ends."""
    trail.record("user.remove_second_factor", user, _fields(authenticator), None)
    operator_sessions.end(user, keep=request.session.session_key)


def _renewed(sender: object, *, user: User, authenticator: Authenticator, **_more: Any) -> None:  # noqa: ANN401  # as above
    trail.record("user.renew_recovery_codes", user)


def _used(
    sender: object,
    *,
    request: HttpRequest,
    user: User,
    authenticator: Authenticator,
    **_more: Any,  # noqa: ANN401  # as above
) -> None:
    """Of the others, signing in is told already."""
    if authenticator.type == CODES:
        trail.record("user.use_recovery_code", user)
        notices.send(request, user, "recovery_code_used")


def reset(person: User, *, keep: str | None = None) -> int | None:
    """Take all second factors and recovery codes from somebody who lost them, end the sessions, since who
    has them is not known, but never that with the key `keep`, and tell the person by mail.

    How many sessions there were; None, and nothing is done, where there was no second factor.
    """
    with transaction.atomic():
        rows = list(Authenticator.objects.filter(user=person))
        if not rows:
            return None
        Authenticator.objects.filter(pk__in=[row.pk for row in rows]).delete()
        changes = ((person, _fields(row), None) for row in rows)
        trail.record_all("user.reset_second_factor", changes)
        notices.send(actors.request(), person, "second_factor_reset")
        return operator_sessions.end(person, keep=keep)


def connect() -> None:
    """Hear of every change of a second factor."""
    where = {"dispatch_uid": "accounts.audit"}
    signals.authenticator_added.connect(_added, **where)
    signals.authenticator_removed.connect(_removed, **where)
    signals.authenticator_reset.connect(_renewed, **where)
    signals.authenticator_used.connect(_used, **where)
