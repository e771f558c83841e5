"""The slowest requests, queries and tasks: how often each kind of them was slow, and the longest of them.

A request is told by the pattern of its address, a query without its values, a task by its
function: nothing that somebody sent is in them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

NAME_CHARS, WHERE_CHARS = 300, 200
MOST_PENDING = 50
"""Of each kind, between two writes: the shortest of more is forgotten."""


class SlowKind(models.TextChoices):
    """What was slow."""

    REQUEST = "request", _("request")
    QUERY = "query", _("query")
    TASK = "task", _("task")


SLOW_S = {SlowKind.REQUEST: 0.25, SlowKind.QUERY: 0.05, SlowKind.TASK: 1.0}
"""What takes less is not looked at."""


@dataclass(frozen=True)
class SlowCalls:
    """Calls of one kind and name, within one hour."""

    calls: int
    total_s: float
    longest_s: float
    longest_at: datetime
    where: str
    """Of the longest: the id of the request or the task, or the functions that asked."""

    @property
    def mean_s(self) -> float:
        """Seconds that one of them took in the mean."""
        return self.total_s / self.calls

    def joined(self, other: SlowCalls) -> SlowCalls:
        """Both together."""
        longest = max(self, other, key=lambda each: each.longest_s)
        return replace(
            longest, calls=self.calls + other.calls, total_s=self.total_s + other.total_s
        )


Key = tuple[SlowKind, str, datetime]
"""Kind, name, and the hour in which it was."""


class Pending:
    """What this process saw and has not written down yet."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: dict[Key, SlowCalls] = {}

    def add(self, kind: SlowKind, name: str, seconds: float, where: str) -> None:
        """It was slow once more."""
        now = timezone.now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        self.give_back(
            {(kind, name[:NAME_CHARS], hour): SlowCalls(1, seconds, seconds, now, where[:WHERE_CHARS])}
        )  # fmt: skip

    def take(self) -> dict[Key, SlowCalls]:
        """What was seen since it was taken last."""
        with self._lock:
            taken, self._calls = self._calls, {}
        return taken

    def give_back(self, taken: dict[Key, SlowCalls]) -> None:
        """Keep these, to be taken the next time."""
        with self._lock:
            for key, calls in taken.items():
                known = self._calls.get(key)
                self._calls[key] = known.joined(calls) if known else calls
                self._keep_bound(key[0])

    def _keep_bound(self, kind: SlowKind) -> None:
        keys = [key for key in self._calls if key[0] == kind]
        if len(keys) > MOST_PENDING:
            del self._calls[min(keys, key=lambda key: self._calls[key].longest_s)]

    def forget(self) -> None:
        """Begin with nothing, as a process that was just forked does."""
        self._lock = Lock()
        self._calls = {}


pending = Pending()
"""Of this process."""


def note(kind: SlowKind, name: str, seconds: float, where: str = "") -> None:
    """Remember a call of this process if it was slow."""
    if seconds >= SLOW_S[kind]:
        pending.add(kind, name, seconds, where)
