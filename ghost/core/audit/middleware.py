"""Remembers the request, so that whoever writes during it can be named."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from ghost.core.audit import actors


class ActorMiddleware:
    """Names the actor of each request (`ghost.core.audit.actors`)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The same answer."""
        with actors.within(request):
            return self.get_response(request)
