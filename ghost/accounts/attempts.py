"""How often a password or code may be tried: counted before it is looked at, whichever page asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from ghost.core.http.request.client_address import client_address, counted_as
from teams.models import Attempt
from teams.models.sign_in_attempt import TooManyAttemptsError


def at_password(request: HttpRequest, username: str) -> Attempt.Of:
    """Those of a name from the caller's address: so nobody is kept out by what others try."""
    typed = username.casefold()[:150]
    return Attempt.Of(subject=f"password of {typed}", scope=_address(request), person=username)


def at_code(request: HttpRequest, user: User) -> Attempt.Of:
    """Those at the second factor of somebody who signs in: few from the caller's address, and some more
    from all addresses together, since a code is short."""
    scope = f"code of {user.pk}"
    return Attempt.Of(subject=_address(request), scope=scope, person=user.get_username())


def at_key(request: HttpRequest, user: User) -> Attempt.Of:
    """The same with a key, counted by itself: wrong codes keep nobody from using one."""
    scope = f"key of {user.pk}"
    return Attempt.Of(subject=_address(request), scope=scope, person=user.get_username())


def at_confirmation(request: HttpRequest, user: User) -> Attempt.Of:
    """Those of one session: who tries to sign in elsewhere keeps nobody from what needs to be done
    against that."""
    session = f"session {request.session.session_key or ''}"
    scope = f"confirmation of {user.pk}"
    return Attempt.Of(subject=session, scope=scope, person=user.get_username())


def at_passkey(request: HttpRequest) -> Attempt.Of:
    """Those of the caller's address to sign in by a passkey, whosever it may be."""
    return Attempt.Of(subject="passkey", scope=_address(request))


def at_reset(request: HttpRequest) -> Attempt.Of:
    """Those of the caller's address to have a password reset, or to set one by a link."""
    return Attempt.Of(subject="reset of a password", scope=_address(request))


def at_first_operator(request: HttpRequest) -> Attempt.Of:
    """Those of the caller's address at the first operator's link."""
    return Attempt.Of(subject="first operator", scope=_address(request))


def _address(request: HttpRequest) -> str:
    return counted_as(client_address(request))


@contextmanager
def counted_in_form(attempts: Attempt.Of) -> Iterator[None]:
    """One more attempt, for what is done inside; ValidationError where there were too many."""
    try:
        with attempts.counted():
            yield
    except TooManyAttemptsError as error:
        raise ValidationError(str(error), code="throttled") from error
