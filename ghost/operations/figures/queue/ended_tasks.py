"""The tasks that ended of late: how many of them failed."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Max, Q
from django_q.models import Task

from ghost.operations.figures import sentences
from ghost.operations.figures.item import Item, Moment, Status

WITHIN = timedelta(hours=1)
FAILING_SHARE = 0.2
LEAST_FAILED = 3
"""One that fails may be the fault of what it was given; the queue shows it."""


def item(moment: Moment) -> Item:
    """Bad, if of those of the last hour FAILING_SHARE failed, and not just one or two."""
    found = Task.objects.filter(stopped__gt=moment.now - WITHIN).aggregate(
        ended=Count("pk"),
        failed=Count("pk", filter=Q(success=False)),
        last_failure=Max("stopped", filter=Q(success=False)),
    )
    ended, failed = found["ended"], found["failed"]
    share = failed / ended if ended else 0.0
    counts = {"ended": ended, "failed": failed, "failed_share": round(share, 3)}
    if failed >= LEAST_FAILED and share >= FAILING_SHARE:
        told = sentences.JOBS_FAILING(failed=failed, ended=ended)
        return Item(
            "jobs", Status.DEGRADED, told, sentences.LOOK_AT_FAILED(), counts,
            since=found["last_failure"],
        )  # fmt: skip
    return Item("jobs", Status.OK, sentences.JOBS(ended=ended, failed=failed), counts=counts)
