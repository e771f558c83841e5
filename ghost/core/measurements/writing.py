"""Writing down what a process counted and saw: from a thread of its own, and when it ends.

Nobody waits for it. While the database is away or locked, numbers are kept and written later: they
take no more memory, since the same are added to.
"""

from __future__ import annotations

import atexit
import logging
import os
import time
from multiprocessing import parent_process, util

from django.db import Error, connection, transaction

from ghost.core.db.threads import DatabaseThread
from ghost.core.measurements import counters, slowest
from ghost.core.measurements.models import CounterValue, SlowCall

log = logging.getLogger(__name__)

EVERY_S = 10.0
"""What a process that is killed loses at most, where the database can be written."""
AT_EXIT = 100
"""Before what `multiprocessing` itself ends (those have lower numbers)."""


def write() -> bool:
    """Write down what this process has counted, together with what it gathered before in vain; whether
    there was anything. The database's Error leaves all of it for the next time."""
    counted, seen = counters.pending.take(), slowest.pending.take()
    if not counted and not seen:
        return False
    try:
        with transaction.atomic():
            CounterValue.objects.add(counted)
            SlowCall.objects.add(seen)
    except BaseException:
        counters.pending.give_back(counted)
        slowest.pending.give_back(seen)
        raise
    return True


def write_or_log() -> None:
    """The same for a thread: what goes wrong is said in a line. Its connection is not kept."""
    try:
        write()
    except Error as error:
        log.warning("What was counted could not be written yet: %s", error)
    finally:
        connection.close()


def start(**_: object) -> None:
    """Write every EVERY_S from now on in this process and in those that it forks, and when it ends."""
    os.register_at_fork(after_in_child=_begin)
    _begin()


def _begin() -> None:
    DatabaseThread(_run, name="measurements").start()
    if parent_process() is None:
        atexit.register(write_or_log)
    else:  # a child of multiprocessing ends without `atexit`
        util.Finalize(None, write_or_log, exitpriority=AT_EXIT)


def _run() -> None:
    while True:
        time.sleep(EVERY_S)
        write_or_log()


def _forget() -> None:
    """Numbers of the process that forked this one are that one's to write."""
    counters.pending.forget()
    slowest.pending.forget()


os.register_at_fork(after_in_child=_forget)
