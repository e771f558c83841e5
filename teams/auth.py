"""Who asks: the bearer token of a request, and whether its role has the operation's action.

Each operation names its action where it names its auth, so the route table says who may do what:

    @router.get("", auth=Bearer(Action.TEAM_LIST), ...)
    def list_teams(request: TokenRequest, ...) -> ...:
        ... request.auth is the Token ...

A session cookie opens nothing here.
"""

from __future__ import annotations

from django.http import HttpRequest
from ninja.security import HttpBearer

from teams import policy
from teams.models import Token
from teams.policy import Action


class TokenRequest(HttpRequest):
    """A request of the API, once it is known whose it is."""

    auth: Token


class Bearer(HttpBearer):
    """`Authorization: Bearer …` of a usable token whose role has `action`."""

    def __init__(self, action: Action) -> None:
        super().__init__()
        self.action = action

    def authenticate(self, request: HttpRequest, token: str) -> Token | None:
        """The token, or None (401); ForbiddenError if its role does not have the action."""
        found = Token.objects.find_usable(token)
        if found is not None:
            found.touch()
            policy.require(found, self.action)
        return found
