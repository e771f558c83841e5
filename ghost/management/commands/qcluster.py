"""manage.py qcluster: django-q2's, made to stop well.

Runners of Procfiles and service managers signal a whole process group. That would end the
sentinel and the workers in the middle of their work, and the parent would then wait for them for
ever. So the sentinel and all below it get a group of their own, and only the parent is told to
stop. And if the parent is killed, nothing below it goes on alone.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from typing import Any

from django.db import connections
from django_q.cluster import Cluster
from django_q.management.commands import qcluster

from ghost.core.jobs import shutdown
from ghost.operations import schedules, startup

PR_SET_PDEATHSIG = 1  # prctl(2)


class Command(qcluster.Command):  # type: ignore[misc]  # django-q2 has no types
    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401  # Django's
        startup.Start().wait()
        schedules.catch_up()
        connections.close_all()  # the processes below must not share ours
        main = os.getpid()
        shutdown.ignore()
        os.register_at_fork(after_in_child=lambda: _settle(main))
        _stop_before(Cluster)
        super().handle(*args, **options)


def _settle(main: int) -> None:
    """In each process below the parent."""
    if os.getppid() == main:
        os.setpgid(0, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _stop_before(cluster: Any) -> None:  # noqa: ANN401  # django-q2 has no types
    """Tell the workers first, then let the cluster stop as it does."""
    stop = cluster.stop

    def stop_soon(self: Any) -> bool:  # noqa: ANN401  # django-q2 has no types
        if self.sentinel.is_alive():
            with suppress(ProcessLookupError):
                shutdown.ask(self.sentinel.pid)
        return bool(stop(self))

    cluster.stop = stop_soon
