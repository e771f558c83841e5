"""Logs that tell which request or task a line belongs to."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from ghost.core.text.reasons import NOTHING_TO_DO, put_into_words

logger = logging.getLogger(__name__)
_context: ContextVar[str] = ContextVar("context", default="-")
_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")


class ContextFilter(logging.Filter):
    """Adds `context` (a request's or a task's id) to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Puts the request or task into the record; drops none."""
        record.context = _context.get()
        return True


def set_context(name: str) -> None:
    """Name the request or task that this thread works for from now on."""
    _context.set(name)


def name_task(task: dict[str, str], **_: object) -> None:
    """For the queue: lines from here on belong to that task."""
    set_context(task["id"])


def tell_task(func: Callable[..., object] | None, task: dict[str, Any], **_: object) -> None:
    """For the queue: one line for each task that did something, or failed."""
    result, name = task.get("result"), getattr(func, "__name__", task["func"])
    if not task.get("success"):
        logger.error("%s failed: %s", name, result)
    elif result != NOTHING_TO_DO().plain():
        logger.info("%s: %s", name, put_into_words(result, lambda reason: reason.english))


def request_id() -> str:
    """The id of the request being answered, `-` outside of one."""
    return _context.get()


class RequestIdMiddleware:
    """Gives each request an id, taken from a proxy's X-Request-ID if that is a sane one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer it with its id in X-Request-ID."""
        given = request.headers.get("X-Request-ID", "")
        name = given if _GIVEN.fullmatch(given) else uuid.uuid4().hex[:16]
        # Not reset: Django logs refused requests after all middleware has ended, and the next
        # request of this thread sets its own.
        set_context(name)
        response = self.get_response(request)
        response["X-Request-ID"] = name
        return response
