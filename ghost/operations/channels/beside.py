"""A thread beside what a process does, for what may wait for others. There is one at most of each."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError

from ghost.core.db.threads import DatabaseThread

log = logging.getLogger(__name__)


class Beside:
    """Does `work` in a thread that may use the database."""

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        self._name, self._work = name, work
        self._thread: DatabaseThread | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin, unless it is at it."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = DatabaseThread(self._run, name=self._name)
                self._thread.start()

    def wait(self, timeout_s: float) -> None:
        """Until it has done what it was started for."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            self._work()
        except DatabaseError as error:
            log.warning("The thread of %s was interrupted: %s", self._name, error)
