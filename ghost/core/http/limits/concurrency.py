"""Places for callers that are made to wait: some threads of a web process must serve the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import BoundedSemaphore

from ghost.core.errors import OutageError


class Seats:
    """So many callers of this process may wait at a time."""

    def __init__(self, number: int) -> None:
        self._free = BoundedSemaphore(number)

    def taken(self, wait_s: float, *, or_else: str) -> AbstractContextManager[None]:
        """One of them, unless the caller doesn't wait (0 s); OutageError with the reason `or_else`
        if all are taken."""
        return self._taken(or_else) if wait_s else nullcontext()

    @contextmanager
    def _taken(self, or_else: str) -> Iterator[None]:
        if not self._free.acquire(blocking=False):
            raise OutageError(or_else)
        try:
            yield
        finally:
            self._free.release()
