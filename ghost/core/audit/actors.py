"""Who acts now: a command, a token, an operator, or Ghost itself.

`ghost.core.audit.middleware` tells the request; commands name themselves by `acting_as`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from ghost.core.audit.models import ActorKind


@dataclass(frozen=True)
class Actor:
    """Who acts: `key` is the primary key of the token or of the user."""

    kind: ActorKind
    name: str
    key: int | None = None


_SYSTEM = Actor(ActorKind.SYSTEM, "")
_request: ContextVar[HttpRequest | None] = ContextVar("audited_request", default=None)
_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)


@contextmanager
def within(request: HttpRequest) -> Iterator[None]:
    """What is written inside is written for this request's token or operator."""
    before = _request.set(request)
    try:
        yield
    finally:
        _request.reset(before)


@contextmanager
def acting_as(name: str, kind: ActorKind = ActorKind.COMMAND) -> Iterator[None]:
    """What is written inside is written by this command."""
    before = _actor.set(Actor(kind, name))
    try:
        yield
    finally:
        _actor.reset(before)


def request() -> HttpRequest | None:
    """The request that is being answered, if one is."""
    return _request.get()


def current() -> Actor:
    """Who acts now: a command, the request's token, its operator, or Ghost itself."""
    return _actor.get() or _of_request(_request.get()) or _SYSTEM


def _of_request(request: HttpRequest | None) -> Actor | None:
    token = getattr(request, "auth", None)
    if token is not None and not isinstance(token, AbstractBaseUser):
        return Actor(ActorKind.TOKEN, str(token), token.pk)
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return Actor(ActorKind.OPERATOR, user.get_username(), user.pk)
    return None
