"""Who asks: the bearer token of a request, and whether its role has the operation's action.

Each operation names its action where it names its auth, so the route table says who may do what:

    @router.get("", auth=Bearer(Action.TEAM_LIST), ...)
    def list_teams(request: TokenRequest, ...) -> ...:
        ... request.auth is the Token ...

A session cookie opens nothing, but where the route names `Session` beside `Bearer`:

    @router.get("/queues", auth=[Bearer(Action.OPERATIONS_READ), Session(Action.OPERATIONS_READ)], ...)
"""

from __future__ import annotations

import logging
from typing import cast

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja.security import APIKeyQuery, HttpBearer
from ninja.utils import check_csrf

from ghost.core.errors import ForbiddenError
from ghost.core.http import idempotency
from ghost.core.http.limits import rate_limit
from ghost.core.http.request.client_address import client_address
from ghost.core.http.transport.fetch_metadata import is_foreign
from teams import legacy_tokens, policy
from teams.models import Token
from teams.policy import Action

log = logging.getLogger(__name__)


class TokenRequest(HttpRequest):
    """A request of the API, once it is known whose it is."""

    auth: Token


class Bearer(HttpBearer):
    """`Authorization: Bearer …` of a usable token whose role has `action`."""

    def __init__(self, action: Action) -> None:
        super().__init__()
        self.action = action

    def authenticate(self, request: HttpRequest, token: str) -> Token | None:
        """The token of the header; what `admit` raises."""
        return admit(request, token, self.action)


class ApiKey(APIKeyQuery):
    """`?apikey=…`, in any case, for tools that send no headers; beside `Bearer`, and only where
    nothing is written: addresses end up in logs and histories."""

    param_name = "apikey"

    def __init__(self, action: Action) -> None:
        super().__init__()
        self.action = action

    def __call__(self, request: HttpRequest) -> Token | None:
        """`authenticate` with the first that the address has of it."""
        keys = (str(key) for name, key in request.GET.items() if name.lower() == self.param_name)
        return self.authenticate(request, next(keys, None))

    def authenticate(self, request: HttpRequest, key: str | None) -> Token | None:
        """The token of the parameter, None without one; what `admit` raises.

        It should be a read-only one. Another one works, and is warned of in the log once a day.
        """
        token = admit(request, key, self.action) if key else None
        if token is not None and token.warn_of_address():
            log.warning(
                "Token %s (“%s”) was sent in an address, where others may see it, and is not read-only:"
                " issue a read-only one for this, and rotate that one.",
                token.pk,
                token,
            )
        return token


class Session:
    """The session of an operator who may do `action`, for requests without a token."""

    def __init__(self, action: Action) -> None:
        self.action = action

    def __call__(self, request: HttpRequest) -> User | None:
        """The operator; None without one (401), ForbiddenError (403) if they may not, or send no
        token against forgery with what writes, TooManyError (429) if they ask too often."""
        user = None if "Authorization" in request.headers else signed_in_operator(request.user)
        if user is not None:
            counted_as = f"operator {user.pk}", settings.GHOST.api_rate_limit
            request.counted_as = counted_as  # type: ignore[attr-defined]  # for the middleware
            rate_limit.take(*counted_as)
            if request.method not in policy.SAFE_METHODS:
                _require_own_page(request)
            policy.require_operator(user, self.action)
        return user


def signed_in_operator(user: AbstractBaseUser | AnonymousUser) -> User | None:
    """The same person, if it is one who may use the admin."""
    is_theirs = isinstance(user, User) and user.is_active and user.is_staff
    return cast("User", user) if is_theirs else None  # mypy follows no `is_theirs`


def _require_own_page(request: HttpRequest) -> None:
    """ForbiddenError if another site's page may have sent it: no operation of the API checks that
    by itself, since no cookie opens the others."""
    if is_foreign(request) or check_csrf(request) is not None:
        raise ForbiddenError(_("Send the token against forgery of a page of yours: X-CSRFToken."))


def admit(request: HttpRequest, raw: str, action: Action) -> Token | None:
    """The token of this raw form, or None (401); ForbiddenError if its role does not have the
    action, TooManyError (429) if it asks too often, and what `idempotency.begin` raises."""
    token = Token.objects.find_usable(raw)
    if token is None and legacy_tokens.is_well_formed(raw):
        token = legacy_tokens.find(raw, client_address(request))
    if token is not None:
        request.auth = token  # type: ignore[attr-defined]  # ninja's, set early: a refusal names it
        token.touch()
        counted_as = _caller(token), settings.GHOST.api_rate_limit
        request.counted_as = counted_as  # type: ignore[attr-defined]  # for the middleware
        rate_limit.take(*counted_as)
        policy.require(token, action, request.method or "")
        idempotency.begin(request, token.pk)
    return token


def charge(request: TokenRequest, response: HttpResponse, more: int) -> None:
    """Count a request, before it is carried out, as `more` others besides: it says so in its answer.

    TooManyError (429) if the token has none left in this minute.
    """
    rate_limit.charge(_caller(request.auth), settings.GHOST.api_rate_limit, more)
    response["X-Request-Cost"] = str(1 + more)


def _caller(token: Token) -> str:
    return f"token {token.pk}"
