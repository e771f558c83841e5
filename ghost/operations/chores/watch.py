"""The watch of a worker host: small chores that must be done whatever the workers are busy with.

A process of its own beside the cluster runs `keep` (`manage.py qcluster` starts it, and starts it
again). It has one thread, so a chore is short: it looks at rows and files, queues or marks, and
leaves the work to tasks.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Never

from django import db
from django_q.brokers import get_broker

from builds import tasks
from ghost.core.heartbeats import clock_jumps
from ghost.core.jobs import release
from ghost.core.measurements import writing
from ghost.operations import schedules
from ghost.operations.alerts import evaluation
from ghost.operations.channels.sending import sender
from ghost.operations.chores import sampling, worker_heartbeat
from ghost.operations.git_backup import due
from ghost.operations.samples import models as samples
from ghost.operations.stats import counting

LONGEST_SLEEP_S = 1.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chore:
    """Something to be done every so often on each worker host; it must be safe to do twice."""

    name: str
    every_s: float
    run: Callable[[], object]


CHORES: tuple[Chore, ...] = (
    Chore("taking off the site what was taken down", 0.5, tasks.take_removals_off),
    Chore("queueing what the schedules say", 5, schedules.queue_due),
    Chore("looking after what workers hold", 5, release.look_after),
    Chore("asking the queue for what it lost", 10, lambda: get_broker().ask_again()),
    Chore("looking at the clock", clock_jumps.LOOK_EVERY_S, clock_jumps.jumps.look),
    Chore("heartbeat", worker_heartbeat.EVERY_S, worker_heartbeat.beat),
    Chore("writing what was counted", writing.EVERY_S, writing.write),
    Chore("a sample of this host", samples.EVERY.total_seconds(), sampling.take),
    Chore("counting the catalog", 10, counting.count_if_due),
    Chore("purging kept states of what was taken down", 30, tasks.ask_for_purge),
    Chore("asking again for builds that failed", 5, tasks.ask_again),
    Chore("looking after alerts", evaluation.EVERY_S, evaluation.look),
    Chore("having messages sent", 5, sender.start),
    Chore("asking for a git backup that is due", 10, due.ask),
)


class Rota:
    """When each chore is due, and whether it failed. Times are those of `time.monotonic`."""

    def __init__(self, chores: Sequence[Chore], beat: Callable[[], None] = lambda: None) -> None:
        self._beat = beat
        self._due_at = dict.fromkeys(chores, 0.0)
        self._failing: dict[Chore, set[type]] = {}
        """With the kinds of errors that were logged since each began to."""

    def turn(self) -> float:
        """Do what is due; the seconds until the next is."""
        for chore, due_at in self._due_at.items():
            if due_at <= time.monotonic():
                self._due_at[chore] = time.monotonic() + chore.every_s
                self._beat()  # each may wait for a lock
                self._do(chore)
        left_s = min(self._due_at.values(), default=LONGEST_SLEEP_S) - time.monotonic()
        return min(max(left_s, 0.0), LONGEST_SLEEP_S)

    def _do(self, chore: Chore) -> None:
        db.close_old_connections()
        try:
            chore.run()
        except Exception as error:  # noqa: BLE001  # the other chores go on; it is tried again
            self._log(chore, error)
            _leave_connections()
        else:
            self._log_success(chore)

    def _log(self, chore: Chore, error: Exception) -> None:
        known = self._failing.setdefault(chore, set())
        if type(error) not in known:
            known.add(type(error))
            logger.error("watch: %s failed", chore.name, exc_info=error)

    def _log_success(self, chore: Chore) -> None:
        if self._failing.pop(chore, None):
            logger.info("watch: %s works again", chore.name)


def _leave_connections() -> None:
    """One of them may be broken: the next chore has a new one."""
    for connection in db.connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


def keep(chores: Sequence[Chore] | None = None, beat: Callable[[], None] = lambda: None) -> Never:
    """Do the chores for as long as this process lives; `beat` is called at least once a second,
    but for the time that a chore takes."""
    rota = Rota(CHORES if chores is None else chores, beat)
    while True:
        beat()
        time.sleep(rota.turn())
