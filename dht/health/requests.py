"""How a health scan is asked for from the outside, and waited for, as `probing` is for probes.

The scan runs in the workers; this side queues it and reads its row.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import AbstractContextManager
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from dht.engine import session
from dht.models import Scan
from ghost.core.audit import trail
from ghost.core.errors import OutageError
from ghost.core.heartbeats import workers
from ghost.core.http.limits.concurrency import WaitLimit
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind
from ghost.core.jobs.task_names import TaskName

MAX_WAITING = 2
"""Callers of one web process that wait for a scan: beside those who wait for probes, some of its
threads must serve the others."""
MAX_WAIT_S = 300
POLL_S = 0.3

_waiting = WaitLimit(MAX_WAITING)


def ask(trigger: str, only: Collection[int] | None = None) -> Scan:
    """Queue a scan of all resources, or of `only` these; the one under way, widened, if any.

    Asking for all is recorded once; who names resources records it for each of these.
    OutageError, and nothing is queued, if libtorrent can't be loaded here.
    """
    session.require()
    with transaction.atomic():
        scan = Scan.objects.ask(only=only, trigger=trigger)
        if only is None:
            trail.record("scan.ask", scan)
        # A worker that is at it takes in what was added.
        if not scan.is_queued:
            number = settings.GHOST.dht_scan_workers
            transaction.on_commit(partial(enqueue, scan.pk, number), robust=True)
    scan.refresh_from_db()
    return scan


def enqueue(scan_id: int, number: int) -> None:
    """Let `number` workers of the queue take part in a scan. Its `task_id` is the first one's."""
    tasks = [
        queue.enqueue(
            TaskName.RUN_SCAN,
            scan_id,
            kind=JobKind.SCAN,
            subjects=[Scan.subject_of(scan_id)],
        )
        for _ in range(number)
    ]
    Scan.objects.filter(pk=scan_id).update(task_id=tasks[0])


def ask_for_all(trigger: str, *, wait_s: float = 0) -> Scan:
    """`ask` for a scan of all, and wait up to `wait_s` seconds for its end.

    OutageError if it failed; or if too many callers wait already, and then nothing is queued.
    """
    with _wait_place(wait_s):
        scan = ask(trigger)
        scan.notes = workers.notes(workers.SCAN_WAITS)
        _await(scan, wait_s)
    if scan.error:
        raise OutageError(scan.error)
    return scan


def _wait_place(wait_s: float) -> AbstractContextManager[None]:
    """A place among those who wait, taken before anything is written."""
    return _waiting.place(
        wait_s, or_else=_("Too many callers are waiting for a scan; try again without waiting.")
    )


def _await(scan: Scan, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while scan.is_open and (left_s := deadline - time.monotonic()) > 0:
        time.sleep(min(POLL_S, left_s))
        scan.refresh_from_db()
