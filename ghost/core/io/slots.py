"""So many at a time on one machine, over all processes: slots that are locked files.

The lock of a process that dies is free again by itself (flock(2)).
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore

from ghost.core.errors import OutageError

POLL_S = 0.03


class Slots:
    """`number` slots, files `name-1.lock` and so on in a folder that is there."""

    def __init__(
        self, folder: Path, name: str, number: int, *, waiting: int, wait_s: float
    ) -> None:
        """Of each process `waiting` threads wait for a slot, each `wait_s` at most."""
        self._paths = [folder / f"{name}-{n + 1}.lock" for n in range(number)]
        self._waiting = BoundedSemaphore(waiting)
        self._wait_s = wait_s

    @contextmanager
    def taken(self, *, or_else: str) -> Iterator[None]:
        """One of them; OutageError with the reason `or_else` if none gets free in time."""
        descriptor = self._free()
        if descriptor is None:
            descriptor = self._awaited()
        if descriptor is None:
            raise OutageError(or_else)
        try:
            yield
        finally:
            os.close(descriptor)  # and with it the lock goes

    def _awaited(self) -> int | None:
        if not self._waiting.acquire(blocking=False):
            return None
        try:
            deadline = time.monotonic() + self._wait_s
            while time.monotonic() < deadline:
                time.sleep(POLL_S)
                if (descriptor := self._free()) is not None:
                    return descriptor
        finally:
            self._waiting.release()
        return None

    def _free(self) -> int | None:
        """The descriptor of a file that nobody had locked, and that is now; None if there is none."""
        for path in self._paths:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
            else:
                return descriptor
        return None
