"""What this thread works for: a request, a task, a build. Each line of the log tells it.

A worker carries out one task at a time, with whatever threads that takes: what is said for the process
holds in all of them. A web server's threads answer a request each, which each says for itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Context:
    """Empty where it is for none. A task has the id of the request that asked for it, if one did."""

    request_id: str = ""
    task_id: str = ""
    build_id: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What the request brought that opens something: masked in every line."""

    @property
    def ids(self) -> dict[str, str]:
        """The three by their names, also where they are empty."""
        names = ("request_id", "task_id", "build_id")
        return {name: getattr(self, name) for name in names}


_of_thread: ContextVar[Context | None] = ContextVar("log_context", default=None)
_of_process = Context()


def current() -> Context:
    """What this thread works for; if it has not said, what its process does."""
    return _of_thread.get() or _of_process


def begin_request(request_id: str, secrets: tuple[str, ...] = ()) -> None:
    """This thread answers that request from now on, until it says another."""
    _of_thread.set(Context(request_id, secrets=secrets))


def begin_task(task_id: str, request_id: str = "") -> None:
    """This process carries out that task from now on, until it says another."""
    global _of_process  # one task at a time is what a worker process does
    _of_process = Context(request_id, task_id)
    _of_thread.set(None)


@contextmanager
def within_build(build_id: object) -> Iterator[None]:
    """What is said inside, by whatever thread of this process, is said of that build."""
    global _of_process  # as above; and one build at a time
    before, of_thread = _of_process, _of_thread.get()
    _of_process = replace(before, build_id=str(build_id))
    token = _of_thread.set(replace(of_thread, build_id=str(build_id)) if of_thread else None)
    try:
        yield
    finally:
        _of_process = before
        _of_thread.reset(token)
