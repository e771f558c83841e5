"""Who asks: the bearer token of a request, and whether its role has the operation's action.

Each operation names its action where it names its auth, so the route table says who may do what:

    @router.get("", auth=Bearer(Action.TEAM_LIST), ...)
    def list_teams(request: TokenRequest, ...) -> ...:
        ... request.auth is the Token ...

A session cookie opens nothing here.
"""

from __future__ import annotations

import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja.security import APIKeyQuery, HttpBearer

from ghost.core.http import idempotency, rate_limit
from ghost.core.http.client_address import client_address
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
