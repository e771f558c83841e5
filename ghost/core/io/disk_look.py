"""Looks at disks that may not answer: a network folder whose server is away keeps whoever asks, for hours.

So a thread of its own looks, and whoever asks waits for it for a few seconds only.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from time import monotonic
from typing import Generic, TypeVar

from ghost.core.errors import OutageError

PATIENCE_S = 3.0
T = TypeVar("T")


class DiskLook(Generic[T]):
    """Something to look at. It uses no database, since another thread does it."""

    def __init__(self, look: Callable[[], T]) -> None:
        self._look = look
        self._lock = Lock()
        self._thread: Thread | None = None
        self._found: Future[T] = Future()
        self._began_at = 0.0

    def take(self) -> T:
        """What is there, or its error. OutageError if no answer came in time; at once, while an
        earlier look has waited so long already."""
        found, left_s = self._under_way()
        try:
            return found.result(timeout=max(left_s, 0))
        except TimeoutError:
            raise OutageError("a disk does not answer") from None

    def _under_way(self) -> tuple[Future[T], float]:
        """The look that goes on, or a new one, and how long to wait for it."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._found, self._began_at = Future(), monotonic()
                self._thread = Thread(target=self._run, args=(self._found,), daemon=True)
                self._thread.start()
            return self._found, self._began_at + PATIENCE_S - monotonic()

    def _run(self, found: Future[T]) -> None:
        try:
            found.set_result(self._look())
        except BaseException as error:  # noqa: BLE001  # theirs who asked
            found.set_exception(error)
