"""Places for callers that are made to wait: some threads of a web process must serve the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import BoundedSemaphore

from ghost.core.errors import OutageError


class WaitLimit:
    """So many callers of this process may wait at a time."""

    def __init__(self, number: int) -> None:
        self._free = BoundedSemaphore(number)

    def place(self, wait_s: float, *, or_else: str) -> AbstractContextManager[None]:
        """One of them, unless the caller doesn't wait (0 s); OutageError with the reason `or_else`
        if all are taken."""
        return self._place(or_else) if wait_s else nullcontext()

    @contextmanager
    def _place(self, or_else: str) -> Iterator[None]:
        if not self._free.acquire(blocking=False):
            raise OutageError(or_else)
        try:
            yield
        finally:
            self._free.release()
