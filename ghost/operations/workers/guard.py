"""The guard of a cluster: django-q2's sentinel, crash-only.

The processes of a cluster share queues whose locks die with whoever holds them: one that is killed
while it waits for a task leaves all others waiting for ever. So a cluster never goes on without a
process that died: the guard ends it as a whole, itself included, and the parent starts it anew.
What it had fetched is released then (`ghost.core.jobs.release`). It is no crash if a worker ends
by itself, since it has run many tasks or one for too long, nor if the guard has to kill one that
is stuck in a task beyond its time: it waits for no queue.
"""

from __future__ import annotations

import logging
import os
import signal
import time
import uuid
from collections.abc import Callable
from multiprocessing import Value
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any, NoReturn

from django_q.cluster import Sentinel
from django_q.worker import worker

from ghost.core.jobs import shutdown
from ghost.operations.workers.fetched_tasks import FetchedTasks
from ghost.operations.workers.parent import PR_SET_NAME, PR_SET_PDEATHSIG, control_process, say

STUCK_S = 10.0
"""A worker whose task's time is over has so long to store that, and to end."""
IDLE, RECYCLED, OVERDUE = -1, -2, 0  # what a worker's timer says, besides the seconds that it has

logger = logging.getLogger(__name__)


class Stop:
    """Whether the cluster was asked to stop. It has no lock, so a signal's handler may set it."""

    def __init__(self, beat: Callable[[], None]) -> None:
        self._is_set = False
        self._beat = beat

    def set(self) -> None:
        """From now on it is asked to."""
        self._is_set = True

    def is_set(self) -> bool:
        """Whether it was asked to."""
        return self._is_set

    def wait(self, seconds: float) -> bool:
        """Sleep for a round of the guard's loop, having said that it turns."""
        self._beat()
        if not self._is_set:
            time.sleep(seconds)
        return self._is_set


class Guard(Sentinel):  # type: ignore[misc]  # django-q2 has no types
    """Made, it runs the cluster until it is asked to stop (SIGTERM)."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._overdue_since: dict[BaseProcess, float] = {}
        started = Stop(lambda: None)
        super().__init__(Stop(lambda: tell("")), started, uuid.uuid4())

    def start(self) -> None:
        """For `__init__`."""
        shutdown.ignore()
        signal.signal(signal.SIGTERM, self._ask_to_stop)
        signal.signal(signal.SIGCHLD, self._look_at_children)
        os.register_at_fork(before=self._before_fork, after_in_child=self._settle)
        control_process(PR_SET_NAME, b"ghost-guard")
        super().start()

    def stop(self) -> None:
        """Let running work end, all processes with it."""
        shutdown.ask(os.getpgid(0))
        super().stop()
        if any(child.is_alive() for child in self._children()):
            self._end_all()

    # -- children

    def spawn_process(self, target: Callable[..., None], *args: Any) -> BaseProcess:  # noqa: ANN401  # django-q2's
        """A worker, the pusher or the monitor."""
        self._role = target.__name__
        child: BaseProcess = super().spawn_process(target, *args)
        return child

    def spawn_worker(self) -> None:
        """One that begins nothing while the queue is paused."""
        self.spawn_process(
            worker, FetchedTasks(self.task_queue), self.result_queue, Value("f", IDLE), self.timeout
        )

    def _before_fork(self) -> None:
        self._forking = os.getpid()

    def _settle(self) -> None:
        """In each process that is forked below: it dies with its parent. Ours are named for what
        they do, and only we tell them to stop: service managers signal every process."""
        control_process(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self._forking:  # it died before we asked to be told
            os._exit(1)
        if self._forking == self.pid:
            control_process(PR_SET_NAME, f"ghost-{self._role}".encode())
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, lambda *_: None)

    def _children(self) -> list[BaseProcess]:
        return [child for child in (*self.pool, self.monitor, self.pusher) if child is not None]

    def reincarnate(self, process: BaseProcess) -> None:
        """A worker has ended by itself, or its task's time is over: there is another one then."""
        if process.is_alive() and not self._has_ended_in_time(process):
            return
        if not self._is_in_order(process):
            self._crash(process)
        self._overdue_since.pop(process, None)
        super().reincarnate(process)

    def _has_ended_in_time(self, process: BaseProcess) -> bool:
        """Whether a worker beyond its task's time is gone; one that is stuck is killed."""
        since = self._overdue_since.setdefault(process, time.monotonic())
        if time.monotonic() - since < STUCK_S:
            return False
        logger.error("worker %s is stuck in a task beyond its time and is killed", process.pid)
        process.kill()
        process.join()
        return True

    # -- signals

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop_event.set()

    def _look_at_children(self, _number: int, _frame: FrameType | None) -> None:
        """At once, whatever the guard itself waits for: a lock of the dead, perhaps."""
        for child in self._children():
            if child.exitcode is not None and not self._is_in_order(child):
                self._crash(child)

    def _is_in_order(self, child: BaseProcess) -> bool:
        if child in self._overdue_since:
            return True
        if child.exitcode == 0 and self.stop_event.is_set():
            return True
        timer = getattr(child, "timer", None)  # a worker's; read without its lock
        return (
            child.exitcode == 0
            and timer is not None
            and timer.get_obj().value in (OVERDUE, RECYCLED)
        )

    def _crash(self, child: BaseProcess) -> NoReturn:
        say(f"process {child.pid} of the cluster died ({child.exitcode}), so all of it ends")
        self._tell(str(child.pid))
        self._end_all()

    def _end_all(self) -> NoReturn:
        os.killpg(0, signal.SIGKILL)
        raise SystemExit(1)  # never: we are one of them
