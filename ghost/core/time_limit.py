"""Work that is given up when its time is over, whatever it waits for."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

AGAIN_S = 1.0


class TimeUp(BaseException):  # no error of the work: none of its handlers may take it for one
    """The time is over."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """TimeUp is raised inside when the time is over; again each second, should somebody catch it.

    By a signal (setitimer(2)), which ends waiting in system calls too: so only in the main thread. Elsewhere this
    does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def give_up(*_: object) -> None:
        raise TimeUp

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
