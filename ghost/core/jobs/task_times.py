"""How many tasks workers carried out, how they ended, and how long that took."""

from __future__ import annotations

from contextvars import ContextVar
from time import perf_counter
from typing import Any

from django_q.utils import get_func_repr

from ghost.core.measurements import slowest
from ghost.core.measurements.counters import Counter, Histogram
from ghost.core.measurements.slowest import SlowKind

TASKS = Counter(
    "ghost_tasks",
    "Tasks that ended, by function and result; failed ones may have run beyond their time.",
    {"task": (), "result": ("ok", "failed")},
)
DURATION = Histogram(
    "ghost_task_duration_seconds", "Time that tasks took from begin to end.", {"task": ()}
)

_began: ContextVar[float | None] = ContextVar("task began", default=None)


def begin(**_: object) -> None:
    """For the queue: a worker begins a task."""
    _began.set(perf_counter())


def end(task: dict[str, Any], **_: object) -> None:
    """For the queue: a worker has ended this task, or was made to by its time-out."""
    began = _began.get()
    _began.set(None)
    name = get_func_repr(task.get("func")) or "?"
    TASKS.add(task=name, result="ok" if task.get("success") else "failed")
    if began is not None:
        seconds = perf_counter() - began
        DURATION.observe(seconds, task=name)
        slowest.note(SlowKind.TASK, name, seconds, str(task["id"]))
