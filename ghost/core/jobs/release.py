"""What a dead cluster had fetched, begun or not, is given back to the queue.

A cluster dies as a whole (`ghost.operations.workers`), so what it holds is run again: at once by
the next cluster of its machine, which sees that it is gone; after LEASE_S by any other.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ, Task

from ghost.core import process
from ghost.core.jobs.entries import QueueEntry
from ghost.core.jobs.models import Job
from ghost.core.jobs.worker import OVERDUE, WORKER_DIED
from ghost.core.text.reasons import Reason

RENEWED_AFTER_S = 10.0
GONE_AFTER_S = 20.0
"""A dead cluster of this machine is left to the one that follows it, which knows more, for so long."""
LEASE_S = 45.0
"""A cluster of another machine that was not seen for so long is dead. Longer than the database's
lock time-out: who waits for that is alive."""
MAX_KILLS = 3
OVERDUE_AFTER_S = 60.0
"""After a task's time, in which its worker ends by itself and its result is stored."""

logger = logging.getLogger(__name__)


def release_dead(died: Collection[int] = ()) -> int:
    """Give back what clusters of this machine held that are no more; how many tasks.

    `died`: numbers of the processes whose death ended them, if that is known. A task of theirs is
    to blame; if nothing is known, each that was running is.
    """
    dead = [each for each in QueueEntry.objects.holders() if process.is_alive(each) is False]
    entries = QueueEntry.objects.filter(cluster__in=dead)
    return _release(entries, died) if dead else 0


def look_after() -> None:
    """Say that this machine's clusters are alive, and give back what the others' dead ones held."""
    alive, dead, others = list[str](), list[str](), list[str]()
    for holder in QueueEntry.objects.holders():
        {True: alive, False: dead, None: others}[process.is_alive(holder)].append(holder)
    _renew(QueueEntry.objects.filter(cluster__in=alive))
    _release(_silent(dead, GONE_AFTER_S), ())
    _release(_silent(others, LEASE_S), ())
    _end_overdue(alive)


def _silent(clusters: Collection[str], for_s: float) -> QuerySet[QueueEntry]:
    """What these hold, if nobody has seen them alive for so long; nor later, by a clock that ran ahead."""
    now, patience = timezone.now(), timedelta(seconds=for_s)
    was_seen = Q(held_at__range=(now - patience, now + patience))
    return QueueEntry.objects.filter(~was_seen, cluster__in=clusters)


def _renew(entries: QuerySet[QueueEntry]) -> None:
    now = timezone.now()
    fresh = (now - timedelta(seconds=RENEWED_AFTER_S), now + timedelta(seconds=RENEWED_AFTER_S))
    stale = entries.exclude(held_at__range=fresh)
    if stale.exists():  # a write that finds nothing would take the lock all the same
        stale.update(held_at=now)


def _release(entries: QuerySet[QueueEntry], died: Collection[int]) -> int:
    count = 0
    held = list(entries.select_related("row").order_by("begun_at", "pk"))
    # What a worker had begun before that was done; only its result was under way.
    last = {entry.worker: entry for entry in held if entry.worker}
    blamed = [entry for entry in last.values() if not died or process.number(entry.worker) in died]
    for entry in held:
        with transaction.atomic():
            count += _give_back(entry, is_blamed=entry in blamed)
    if count:
        logger.warning("%d tasks of a cluster that is gone wait in the queue again", count)
    return count


def _give_back(entry: QueueEntry, *, is_blamed: bool) -> bool:
    free = {
        "cluster": "",
        "worker": "",
        "held_at": None,
        "sent_at": timezone.now(),
        "kills": F("kills") + int(is_blamed),
    }
    mine = QueueEntry.objects.filter(pk=entry.pk, cluster=entry.cluster, worker=entry.worker)
    if not mine.update(**free):
        return False  # somebody else was faster
    if entry.kills + is_blamed >= MAX_KILLS:
        give_up(entry, WORKER_DIED(count=MAX_KILLS))
        return False
    Job.objects.open().filter(pk=entry.task_id).wait_again()
    get_broker().give_back(entry)
    return True


def _end_overdue(alive: Collection[str]) -> None:
    """End tasks whose worker the guard had to kill: its cluster goes on without it."""
    long_ago = timezone.now() - timedelta(seconds=Conf.TIMEOUT + OVERDUE_AFTER_S)
    overdue = QueueEntry.objects.running().filter(cluster__in=alive, begun_at__lt=long_ago)
    for entry in overdue.select_related("row"):
        if process.is_alive(entry.worker) is False:
            give_up(entry, OVERDUE())


def give_up(entry: QueueEntry, reason: Reason) -> None:
    """End a task that can't be run, for its job and among the failed tasks."""
    task = entry.task
    with transaction.atomic():
        Task.objects.update_or_create(
            id=entry.task_id,
            defaults={
                "name": task.get("name", entry.task_id),
                "func": entry.func,
                "args": task.get("args", ()),
                "kwargs": task.get("kwargs", {}),
                "started": task.get("started", entry.asked_at),
                "stopped": timezone.now(),
                "result": reason.english,
                "success": False,
            },
        )
        job = Job.objects.open().filter(pk=entry.task_id).first()
        if job is not None:
            job.finish(is_ok=False, result=None, error=reason)
        OrmQ.objects.filter(entry=entry).delete()
        QueueEntry.objects.filter(pk=entry.pk).delete()
    logger.error("gave up %s: %s", entry, reason.english)
