"""The queue: what waits, what runs, and whether anybody takes it.

Counted from jobs, which are rows of the database whichever broker carries the tasks.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Min, Q
from django_q.conf import Conf
from django_q.models import Failure, OrmQ

from ghost.core.jobs.models import Job
from ghost.operations.figures import sentences
from ghost.operations.figures.item import Item, Moment, Status

PATIENCE = timedelta(minutes=10)
FAILED_WITHIN = timedelta(days=1)


def item(moment: Moment) -> Item:
    """Stuck, if something has waited for longer than PATIENCE."""
    waiting = Q(started_at=None)
    figures = Job.objects.open().aggregate(
        waiting=Count("pk", filter=waiting),
        running=Count("pk", filter=~waiting),
        oldest=Min("asked_at", filter=waiting),
    )
    oldest = min(filter(None, (figures.pop("oldest"), _oldest_scheduled())), default=None)
    failed = Failure.objects.filter(stopped__gt=moment.now - FAILED_WITHIN).count()
    waited_s = (moment.now - oldest).total_seconds() if oldest else 0.0
    counts = figures | {
        "failed_within_a_day": failed,
        "longest_wait_s": round(max(waited_s, 0.0), 1),
    }
    if oldest and moment.now - oldest > PATIENCE:
        return Item(
            "queue",
            Status.DEGRADED,
            sentences.STUCK(),
            sentences.MORE_WORKERS(),
            counts,
            since=oldest,
        )
    return Item(
        "queue",
        Status.OK,
        sentences.QUEUE(waiting=figures["waiting"], running=figures["running"]),
        counts=counts,
    )


def _oldest_scheduled() -> object:
    """Since when the first task waits that no job tells of: only the database's own queue shows it."""
    if not Conf.ORM:
        return None
    return OrmQ.objects.aggregate(oldest=Min("lock"))["oldest"]
