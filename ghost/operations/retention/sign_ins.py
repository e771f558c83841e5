"""Ways in that are closed: sessions, attempts, links, and invitations that nobody took up."""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import models
from django.utils.translation import gettext_lazy as _

from ghost.accounts.links import first_operator, reset_links
from ghost.core.text.reasons import ReasonCode
from ghost.operations.retention.bound import Bound, Every, keep_days, of_rows
from teams.models import Attempt, Token
from teams.models.sign_in_attempt import WINDOW


def _of_ended_sessions(before: datetime) -> models.QuerySet[UserSession]:
    going_on = Session.objects.filter(expire_date__gt=before)
    found: models.QuerySet[UserSession] = UserSession.objects.exclude(
        session_key__in=going_on.values("pk")
    )
    return found


BOUNDS: tuple[Bound, ...] = (
    of_rows(
        "sessions", ReasonCode("retention.sessions", _("ended sessions")),
        lambda before: Session.objects.filter(expire_date__lte=before),
        where="sessions.Session", keep=timedelta, every=Every.HOUR,
    ),
    of_rows(
        "session-origins", ReasonCode("retention.session_origins", _("addresses and browsers of ended sessions")),
        _of_ended_sessions,
        where="usersessions.UserSession", keep=timedelta, every=Every.HOUR,
    ),
    of_rows(
        "attempts", ReasonCode("retention.attempts", _("attempts to sign in")),
        lambda before: Attempt.objects.filter(at__lte=before),
        where="teams.Attempt", keep=lambda: WINDOW, every=Every.HOUR,
    ),
    of_rows(
        "reset-requests", ReasonCode("retention.reset_requests", _("requests to reset a password")),
        lambda _before: reset_links.outdated(),
        where="ghost.ResetRequest", keep=lambda: reset_links.LASTS, every=Every.HOUR,
    ),
    of_rows(
        "first-operator-links", ReasonCode("retention.first_operator_links", _("links for a first operator")),
        lambda _before: first_operator.outdated(),
        where="ghost.FirstOperatorLink", keep=timedelta, every=Every.HOUR,
    ),
    of_rows(
        "invites", ReasonCode("retention.invites", _("tokens that expired before anybody used them")),
        lambda before: Token.objects.expired_unused(before),
        where="teams.Token", keep=keep_days, is_by_days=True,
    ),
)  # fmt: skip
