"""The heartbeat of a group of web processes: a thread in each of them, one row for all.

Whichever process finds the row older than EVERY writes it, so that many processes write no more
often than one. It is the thread, too, in which what has to be right at the start is put right: a
web server answers while that goes on.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import DatabaseError, close_old_connections, connections

from ghost.core.db.threads import DatabaseThread
from ghost.core.heartbeats import processes
from ghost.core.heartbeats.models import Heartbeat

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=15)
LOOK_EVERY_S = 10.0
FIRST_LOOK_S = 0.5
"""By then an arbiter that loads the program before it forks (`--preload`) has forked."""
RETRY_S = 3.0

AtStart = Callable[[], bool]
"""Puts right what is missing; False if it has to be called again."""


class WebHeartbeat:
    """The heartbeat of this process's group. One is made in each process, by `start`.

    `regularly` is what the process has to do besides, with every look; `whatever_happens` is done even if
    the database failed, and then hears of that; it raises nothing.
    """

    def __init__(
        self,
        at_start: AtStart,
        regularly: Callable[[], object] = lambda: None,
        whatever_happens: Callable[[DatabaseError | None], object] = lambda error: None,
    ) -> None:
        self.at_start, self.regularly = at_start, regularly
        self.whatever_happens = whatever_happens
        self.arbiter = os.getppid()
        self.is_prepared = False
        self.error: DatabaseError | None = None
        """Of the last look."""

    def start(self) -> None:
        """Begin in this process, and in those that it forks; then it is their arbiter."""
        os.register_at_fork(
            after_in_parent=self._become_arbiter, after_in_child=self._start_in_child
        )
        self._start_thread()

    def _become_arbiter(self) -> None:
        self.arbiter = os.getpid()

    def _start_in_child(self) -> None:
        self.arbiter = os.getppid()
        self._start_thread()

    def _start_thread(self) -> None:
        DatabaseThread(self._run, name="heartbeat").start()

    def _run(self) -> None:
        time.sleep(FIRST_LOOK_S)
        while True:
            is_well = self.look()
            self.whatever_happens(self.error)
            time.sleep(LOOK_EVERY_S if is_well else RETRY_S)

    def look(self) -> bool:
        """Beat once, and put right what is missing if nobody has; False to come again sooner.

        Nothing may end this thread: what goes wrong is said in a line, and tried again.
        """
        close_old_connections()
        self.error = None
        try:
            self.is_prepared = self.is_prepared or self.at_start()
            if self.is_prepared:
                self.beat()
                self.regularly()
        except DatabaseError as error:
            self.error = error
            log.warning("The web server's heartbeat could not be written: %s", error)
            connections.close_all()
            return False
        except Exception:  # whatever it is, the next look may go well
            log.exception("The web server's heartbeat failed")
            return False
        return self.is_prepared

    def beat(self) -> bool:
        """Write the group's row, unless another process has just done so."""
        since = processes.started_at
        serving = [
            {
                "name": f"web:{pid}",
                "state": "serving",
                "task": None,
                "since": started.isoformat() if (started := since(pid)) else None,
            }
            for pid in processes.children(self.arbiter)
        ]
        return Heartbeat.objects.beat(
            Heartbeat.Kind.WEB, self.arbiter, started_at=since(self.arbiter),
            processes=serving, every=EVERY,
        )  # fmt: skip
