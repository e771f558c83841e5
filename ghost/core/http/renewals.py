"""Leases that a process renews for as long as it lives, from a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from threading import Lock
from time import sleep

from django.db import DatabaseError, connection

from ghost.core.db.threads import DatabaseThread

log = logging.getLogger(__name__)


class Renewals:
    """Calls `renew` with the keys that are held, every `every_s` seconds.

    The thread begins with the first key, and ends once none is held any more.
    """

    def __init__(self, renew: Callable[[Collection[int]], None], every_s: float) -> None:
        self._renew, self._every_s = renew, every_s
        self._held: set[int] = set()
        self._thread: DatabaseThread | None = None
        self._lock = Lock()

    def hold(self, key: int) -> None:
        """Renew this one from now on."""
        with self._lock:
            self._held.add(key)
            if self._thread is None or not self._thread.is_alive():  # as after a fork
                self._thread = DatabaseThread(self._run, name="renewals")
                self._thread.start()

    def let_go(self, key: int) -> None:
        """Renew it no more."""
        with self._lock:
            self._held.discard(key)

    def _run(self) -> None:
        while held := self._waited():
            self._try(held)

    def _waited(self) -> list[int]:
        """Those that are held after a pause; with none the thread is over."""
        sleep(self._every_s)
        with self._lock:
            if not self._held:
                self._thread = None
            return sorted(self._held)

    def _try(self, held: Collection[int]) -> None:
        try:
            self._renew(held)
        except DatabaseError:  # the next time, before the lease ends
            log.warning("Leases can't be renewed just now.", exc_info=True)
            connection.close()
