"""How often a password or code may be tried: counted before it is looked at, whichever page asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from ghost.core.http.client_address import client_address, counted_as
from teams.models import Attempt
from teams.models.sign_in_attempt import TooManyAttemptsError


def at_password(request: HttpRequest, username: str) -> Attempt.Of:
    """Those of a name from the caller's address: so nobody is kept out by what others try."""
    return Attempt.Of(username.casefold()[:150], counted_as(client_address(request)))


def at_code(user: User) -> Attempt.Of:
    """Those at the second factor of somebody, from all addresses together: a code is short, and
    only who has the password comes as far as that."""
    return Attempt.Of(user.get_username()[:150], f"code of {user.pk}")


def at_passkey(request: HttpRequest) -> Attempt.Of:
    """Those of the caller's address to sign in by a passkey, whosever it may be."""
    return Attempt.Of("passkey", counted_as(client_address(request)))


def at_reset(request: HttpRequest) -> Attempt.Of:
    """Those of the caller's address to have a password reset, or to set one by a link."""
    return Attempt.Of("reset of a password", counted_as(client_address(request)))


def at_first_operator(request: HttpRequest) -> Attempt.Of:
    """Those of the caller's address at the first operator's link."""
    return Attempt.Of("first operator", counted_as(client_address(request)))


@contextmanager
def told_in_form(attempts: Attempt.Of) -> Iterator[None]:
    """One more attempt, for what is done inside; ValidationError where there were too many."""
    try:
        with attempts.counted():
            yield
    except TooManyAttemptsError as error:
        raise ValidationError(str(error), code="throttled") from error
