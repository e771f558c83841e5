"""Where people are signed in: a row of allauth's beside each session, with address and browser.

A session ends at once when somebody ends it, and all of a person's when the password changes or rights are
lost. django.contrib.auth would refuse most of these at the next request, but a right that is given
back must not bring an old session back with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, Group, User
from django.contrib.auth.signals import user_logged_out
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.signals import m2m_changed, pre_delete, pre_save
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext

from ghost.accounts.browsers import browser_of
from ghost.core.audit import trail
from ghost.core.db.outages import OUTAGES

RIGHTS = ("is_active", "is_staff", "is_superuser")
AGENT_CHARS = 200
UNKNOWN = "0.0.0.0"  # noqa: S104  # nothing listens on it
"""The address where nobody knows from where somebody comes: a Unix socket, a test."""
MOST_DIGITS = 18
"""Of a primary key that a database can hold."""


@dataclass(frozen=True)
class SignedIn:
    """One session, for people to look at."""

    pk: int
    address: str
    browser: str
    agent: str
    began_at: datetime
    last_seen_at: datetime
    is_current: bool


def listed(user: User, current_key: str | None = None) -> list[SignedIn]:
    """The sessions of a person that have not ended, the latest first."""
    rows = {row.session_key: row for row in UserSession.objects.filter(user=user)}
    ends = dict(Session.objects.filter(session_key__in=rows).values_list("pk", "expire_date"))
    found = [_shown(rows[key], ends_at, current_key) for key, ends_at in ends.items()]
    return sorted(found, key=lambda each: (each.is_current, each.last_seen_at), reverse=True)


def _shown(row: UserSession, ends_at: datetime, current_key: str | None) -> SignedIn:
    idle = timedelta(minutes=settings.GHOST.session_idle_min)
    return SignedIn(
        pk=row.pk,
        address=gettext("unknown") if row.ip == UNKNOWN else row.ip,
        browser=browser_of(row.user_agent),
        agent=row.user_agent,
        began_at=row.created_at,
        last_seen_at=max(ends_at - idle, row.created_at),
        is_current=row.session_key == current_key,
    )


def end(user: User, rows: Iterable[int] | None = None, *, keep: str | None = None) -> int:
    """End sessions of a person: those of `rows` (primary keys), or all; never that with the key
    `keep`. How many there were; each is in the audit trail."""
    found = UserSession.objects.filter(user=user).exclude(session_key=keep or "")
    if rows is not None:
        found = found.filter(pk__in=list(rows))
    with transaction.atomic():
        ended = list(found)
        Session.objects.filter(session_key__in=[row.session_key for row in ended]).delete()
        found.filter(pk__in=[row.pk for row in ended]).delete()
        trail.record_all("user.end_session", ((user, _told(row), None) for row in ended))
    return len(ended)


def keys_in(text: str) -> list[int]:
    """The primary key that a form sent; none for what is none."""
    is_key = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return [int(text)] if is_key else []


def _told(row: UserSession) -> dict[str, str]:
    return {"address": row.ip, "browser": browser_of(row.user_agent)}


def renew_key(request: HttpRequest) -> None:
    """Another key for the caller's session: a stolen one is worth nothing any more."""
    request.session.cycle_key()


class SessionListMiddleware:
    """Writes down where somebody signed in, and follows a session whose key is renewed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The same answer."""
        before = request.session.session_key
        response = self.get_response(request)
        if request.session.session_key not in (None, before):
            with suppress(*OUTAGES):  # who signs in is not kept out by it
                _note(request, before)
        return response


def _note(request: HttpRequest, before: str | None) -> None:
    if isinstance(request.user, AnonymousUser):
        return
    key = request.session.session_key
    same = UserSession.objects.filter(session_key=before or "", user_id=request.user.pk)
    if same.update(session_key=key):
        return
    seen = {
        "user_id": request.user.pk,
        "ip": get_adapter().get_client_ip(request),
        "user_agent": request.headers.get("User-Agent", "")[:AGENT_CHARS],
    }
    UserSession.objects.update_or_create(session_key=key, defaults=seen)


# -- what ends them


def _signed_out(sender: object, *, request: HttpRequest, **_more: Any) -> None:  # noqa: ANN401  # a signal's
    UserSession.objects.filter(session_key=request.session.session_key or "").delete()


def _before_change(
    sender: object,
    *,
    instance: User,
    raw: bool,
    update_fields: Iterable[str] | None = None,
    **_more: Any,  # noqa: ANN401  # a signal's
) -> None:
    """Django's rows of people have no method of ours: whoever writes them, from wherever, comes here."""
    watched = {*RIGHTS, "password"}
    if raw or instance.pk is None or (update_fields is not None and not watched & {*update_fields}):
        return
    old = User.objects.filter(pk=instance.pk).values(*watched).first()
    if old and (
        old["password"] != instance.password
        or any(old[right] and not getattr(instance, right) for right in RIGHTS)
    ):
        end(instance)


def _left_group(
    sender: object,
    *,
    instance: User | Group,
    action: str,
    pk_set: set[int] | None,
    **_more: Any,  # noqa: ANN401  # a signal's
) -> None:
    if action not in ("pre_remove", "pre_clear"):
        return
    if isinstance(instance, User):
        end(instance)
    else:
        leaving = instance.user_set.filter(pk__in=pk_set) if pk_set else instance.user_set.all()
        _end_of(leaving)


def _group_goes(sender: object, *, instance: Group, **_more: Any) -> None:  # noqa: ANN401  # a signal's
    _end_of(instance.user_set.all())


def _end_of(people: Iterable[User]) -> None:
    for person in people:
        end(person)


def connect() -> None:
    """Hear of everything that ends sessions."""
    name = "accounts.operator_sessions"
    user_logged_out.connect(_signed_out, dispatch_uid=name)
    pre_save.connect(_before_change, sender=User, dispatch_uid=name)
    m2m_changed.connect(_left_group, sender=User.groups.through, dispatch_uid=name)
    pre_delete.connect(_group_goes, sender=Group, dispatch_uid=name)
