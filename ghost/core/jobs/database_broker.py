"""The queue in the database: django-q2's, which notes who has fetched what."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from django import db
from django.db import DatabaseError, transaction
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ

from ghost.core import process
from ghost.core.jobs.entries import QueueEntry
from ghost.core.jobs.pause import QueuePause, is_paused

PAUSE_S = 2.0
"""Between two attempts while the database does not answer."""
ATTEMPTS = 3
CLOCKS_DIFFER = timedelta(seconds=10)
"""Of hosts that are in order, by less."""

logger = logging.getLogger(__name__)


class DatabaseBroker(ORM):  # type: ignore[misc]  # django-q2 has no types
    """What the guard makes one of is for its pusher and its monitor: they fetch in its name."""

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        self.cluster = process.name()

    def enqueue(self, task: str) -> int:
        """Put a packed task into the queue; the number of its row."""
        with transaction.atomic():
            row = OrmQ.objects.create(
                key=self.list_key or Conf.CLUSTER_NAME, payload=task, lock=timezone.now()
            )
            QueueEntry.of(row.task, row=row)
        return int(row.pk)

    def dequeue(self) -> list[tuple[int, str]] | None:
        """The next task with the number of its row, or None after a while without one."""
        try:
            leave_broken_connections()
            row = None if is_paused() else self._next()
            if row is not None:
                return self._take(row)
        except DatabaseError:
            logger.warning("the queue can't be read: the database does not answer", exc_info=True)
            time.sleep(PAUSE_S)
        else:
            time.sleep(Conf.POLL)
        return None

    def _next(self) -> OrmQ | None:
        due = OrmQ.objects.filter(key=self.list_key, lock__lt=timezone.now())
        return due.order_by("pk").first()

    def _take(self, row: OrmQ) -> list[tuple[int, str]] | None:
        with transaction.atomic():
            if QueuePause.locked().is_paused:
                return None
            free = OrmQ.objects.filter(pk=row.pk, lock=row.lock)
            if not free.update(lock=self.timeout(row)):
                return None  # another cluster was faster
            QueueEntry.objects.filter(row=row).hold(self.cluster)
        return [(row.pk, row.payload)]

    def delete(self, task_id: int) -> None:
        """Drop a row with its entry: its result is stored, or nobody can read it."""
        insist(lambda: self.get_connection().filter(pk=task_id).delete())

    def give_back(self, entry: QueueEntry) -> None:
        """Let an entry that nobody holds be fetched at once."""
        OrmQ.objects.filter(entry=entry).update(lock=timezone.now())

    def ask_again(self) -> None:
        """Take over what waited when the queue was elsewhere, or was queued by a clock that ran ahead."""
        now = timezone.now()
        ahead = OrmQ.objects.filter(entry__cluster="", lock__gt=now + CLOCKS_DIFFER)
        if ahead.exists():  # a write that finds nothing would take the write lock all the same
            OrmQ.objects.filter(pk__in=list(ahead.values_list("pk", flat=True))).update(lock=now)
        for entry in QueueEntry.objects.waiting().filter(row=None, cluster="").exclude(payload=""):
            ours = QueueEntry.objects.filter(pk=entry.pk, row=None, payload=entry.payload)
            with transaction.atomic():
                if ours.update(payload=""):  # else another host's watch was faster
                    row = OrmQ.objects.create(
                        key=self.list_key, payload=entry.payload, lock=timezone.now()
                    )
                    QueueEntry.objects.filter(pk=entry.pk).update(row=row)


def insist(write: Callable[[], object]) -> None:
    """Do it in spite of a database that does not answer for a moment; the last error is raised."""
    for attempt in range(ATTEMPTS):
        try:
            write()
        except DatabaseError:
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(PAUSE_S)
            leave_broken_connections()
        else:
            return


def leave_broken_connections() -> None:
    """The next query makes a new one instead."""
    if transaction.get_autocommit():
        db.close_old_connections()
