"""The queue: what waits, what runs, and whether anybody takes it.

Counted from the entries that the database has of every task, whichever broker hands them out.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Min, Q
from django_q.conf import Conf
from django_q.models import Failure, OrmQ

from ghost.core.jobs.entries import QueueEntry
from ghost.operations.figures import sentences
from ghost.operations.figures.item import Item, Moment, Status

PATIENCE = timedelta(minutes=10)
FAILED_WITHIN = timedelta(days=1)
LOOKED_AT = 100
"""Of those that wait, the first: the others came later."""


def item(moment: Moment) -> Item:
    """Stuck, if something has waited for longer than PATIENCE."""
    waiting = Q(worker="")
    figures = QueueEntry.objects.aggregate(
        waiting=Count("pk", filter=waiting), running=Count("pk", filter=~waiting)
    )
    failed = Failure.objects.filter(stopped__gt=moment.now - FAILED_WITHIN).count()
    oldest = min(filter(None, (_waiting_since(), _in_table_since())), default=None)
    waited_s = (moment.now - oldest).total_seconds() if oldest else 0.0
    counts = figures | {
        "failed_within_a_day": failed,
        "longest_wait_s": round(max(waited_s, 0.0), 1),
    }
    if oldest and moment.now - oldest > PATIENCE:
        told, advice = sentences.STUCK(), sentences.MORE_WORKERS()
        return Item("queue", Status.DEGRADED, told, advice, counts, since=oldest)
    told = sentences.QUEUE(waiting=figures["waiting"], running=figures["running"])
    return Item("queue", Status.OK, told, counts=counts)


def _waiting_since() -> datetime | None:
    """Since when the first entry waits: a task whose worker died waits anew."""
    first = QueueEntry.objects.waiting().values_list("asked_at", "begun_at")[:LOOKED_AT]
    return min((max(filter(None, moments)) for moments in first), default=None)


def _in_table_since() -> datetime | None:
    """The same of the queue's own table, where it is one: an earlier version made no entries."""
    if not Conf.ORM:
        return None
    found: datetime | None = OrmQ.objects.filter(entry=None).aggregate(first=Min("lock"))["first"]
    return found
