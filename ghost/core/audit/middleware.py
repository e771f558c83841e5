"""Remembers the request, so that whoever writes during it can be named, and who is refused is noted."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from ghost.core.audit import access, actors
from ghost.core.audit.models import FORBIDDEN, LIMITED, UNAUTHORIZED


class ActorMiddleware:
    """Names the actor of each request (`ghost.core.audit.actors`)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The same answer; 401, 403 and 429 stand in the trail (`ghost.core.audit.access`)."""
        with actors.within(request):
            response = self.get_response(request)
            if action := _REFUSED.get(response.status_code):
                access.refuse(action)
        return response


_REFUSED = {401: UNAUTHORIZED, 403: FORBIDDEN, 429: LIMITED}
