"""Whether this worker was asked to stop.

A stopping cluster lets running tasks finish. Long ones ask here between two steps, give back what
they hold and end, so that a restart takes a moment.
"""

from __future__ import annotations

import os
import signal
import threading

SIGNAL = signal.SIGUSR1
_asked = threading.Event()


def ignore() -> None:
    """For the cluster's other processes: the signal means nothing to them."""
    signal.signal(SIGNAL, signal.SIG_IGN)


def listen(**_: object) -> None:
    """For a worker that was just made: hear the signal."""
    _asked.clear()
    signal.signal(SIGNAL, lambda *_: _asked.set())


def ask(process_group: int) -> None:
    """Tell every worker in the group."""
    os.killpg(process_group, SIGNAL)


def is_asked() -> bool:
    """Whether this worker was asked to end soon what it is doing."""
    return _asked.is_set()
