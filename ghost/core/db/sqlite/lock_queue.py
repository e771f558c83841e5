"""Threads that wait for SQLite's write lock. Each of them can do nothing else meanwhile: if the lock is
held for long, few of a process go on waiting, so that the others serve those who only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic

LONG_S = 2.0
"""As long as the lock comes round sooner, any number may wait for it."""
PLACES = 3
"""Threads of a process that wait when it does not: of the web server's eight."""


class LockQueue:
    """The threads of one process, in the order in which they came."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[object] = []
        self._moved_at = 0.0

    @contextmanager
    def joined(self) -> Iterator[Callable[[], bool]]:
        """Stand in it; what is given says whether to go on waiting. Leaving without an error means
        that the write lock was got."""
        me = object()
        with self._lock:
            if not self._waiting:
                self._moved_at = monotonic()
            self._waiting.append(me)
        try:
            yield lambda: self._may_wait(me)
            self._moved_at = monotonic()
        finally:
            with self._lock:
                self._waiting.remove(me)

    def _may_wait(self, me: object) -> bool:
        with self._lock:
            is_moving = monotonic() - self._moved_at < LONG_S
            return is_moving or me in self._waiting[:PLACES]


queue = LockQueue()
