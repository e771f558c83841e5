"""A line of the log for each task: what came of it and how long it took. Its id, and that of the request
that asked for it, are on every line that it writes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from ghost.core.logs import context
from ghost.core.text.reasons import NOTHING_TO_DO, put_into_words

REQUEST = "request_id"
"""What a packed task names its request by; django-q2 hands over what it does not know."""

IN_WORDS = ("task_name",)

log = logging.getLogger("ghost.tasks")
_began = time.monotonic()


def note_request(task: dict[str, Any], **_: object) -> None:
    """For the queue: a task is about to be put in; it remembers the request that this thread works for."""
    if asked_by := context.current().request_id:
        task[REQUEST] = asked_by


def begin(task: dict[str, Any], **_: object) -> None:
    """For the queue: what is logged from here on is the task's."""
    global _began  # a worker carries out one task at a time
    _began = time.monotonic()
    context.begin_task(task["id"], task.get(REQUEST, ""))


def end(func: Callable[..., object] | None, task: dict[str, Any], **_: object) -> None:
    """For the queue: one line about the task that has ended, also by its time-out."""
    name = getattr(func, "__name__", str(task["func"]))
    details = {"task_name": name, "outcome": "done", "duration_ms": _milliseconds()}
    said, _separator, traceback = str(task.get("result")).partition(" : Traceback")
    if not task.get("success"):
        details |= {"outcome": "failed"} | (
            {"exception": f"Traceback{traceback}"} if traceback else {}
        )
        log.error("%s failed: %s", name, said, extra={"details": details, "in_words": IN_WORDS})
    elif task.get("result") == NOTHING_TO_DO().plain():
        details |= {"outcome": "nothing"}
        log.info("%s: nothing to do", name, extra={"details": details, "in_words": IN_WORDS})
    else:
        said = put_into_words(task.get("result"), lambda reason: reason.english)
        log.info(
            "%s: %s",
            name,
            "done" if said is None else said,
            extra={"details": details, "in_words": IN_WORDS},
        )


def _milliseconds() -> float:
    return round((time.monotonic() - _began) * 1000, 1)
