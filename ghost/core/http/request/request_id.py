"""Each request has an id, by which it is found in the log, in the audit trail and in what answers it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator

from django.http import HttpRequest, HttpResponseBase

from ghost.core.logs import context

FEWEST_CHARS = 8
"""Of a cookie that is worth hiding: the language's is shorter."""
_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
_CREDENTIALS = ("HTTP_X_GHOST_METRICS_KEY", "HTTP_X_CSRFTOKEN")


def request_id() -> str:
    """The id of the request being answered, or that asked for the task being carried out; else of that
    task, and `-` outside of one."""
    now = context.current()
    return now.request_id or now.task_id or "-"


class RequestIdMiddleware:
    """Gives each request an id, taken from a proxy's X-Request-ID if that is a sane one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer it with its id in X-Request-ID."""
        given = request.headers.get("X-Request-ID", "")
        name = given if _GIVEN.fullmatch(given) else uuid.uuid4().hex[:16]
        # Not reset: Django logs refused requests after all middleware has ended, and the next
        # request of this thread begins its own.
        context.begin_request(name, tuple(_secrets(request)))
        response = self.get_response(request)
        response["X-Request-ID"] = name
        return response


def _secrets(request: HttpRequest) -> Iterator[str]:
    """What the request brought that opens something."""
    for part in request.META.get("HTTP_COOKIE", "").split(";"):
        value = part.partition("=")[2].strip()
        if len(value) >= FEWEST_CHARS:
            yield value
    credentials = request.META.get("HTTP_AUTHORIZATION", "").strip().rpartition(" ")[2]
    for value in (credentials, *(request.META.get(name, "") for name in _CREDENTIALS)):
        if len(value) >= FEWEST_CHARS:
            yield value
