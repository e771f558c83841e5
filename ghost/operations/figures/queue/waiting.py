"""The queue: what waits, what runs, and whether anybody takes it.

Counted from the entries that the database has of every task, whichever broker hands them out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q
from django_q.conf import Conf
from django_q.models import Failure, OrmQ

from ghost.core.jobs import pause
from ghost.core.jobs.entries import QueueEntry
from ghost.core.jobs.pause import Drain
from ghost.core.text.reasons import from_plain
from ghost.operations.figures import sentences
from ghost.operations.figures.item import Item, Moment, Status
from ghost.operations.figures.machines.hosts import living_workers

PATIENCE = timedelta(minutes=10)
FAILED_WITHIN = timedelta(days=1)
REDIS_FACT = "redis"
"""In a worker's heartbeat: why Redis does not answer it, as a plain reason; empty if it does."""
LOOKED_AT = 100
"""Of those that wait, the first: the others came later."""


def item(moment: Moment) -> Item:
    """Stuck, if something has waited for longer than PATIENCE."""
    waiting = Q(worker="")
    figures = QueueEntry.objects.aggregate(
        waiting=Count("pk", filter=waiting), running=Count("pk", filter=~waiting)
    )
    failed = Failure.objects.filter(stopped__gt=moment.now - FAILED_WITHIN).count()
    since = _waiting_since() if figures["waiting"] else None
    oldest = min(filter(None, (since, _in_table_since())), default=None)
    waited_s = (moment.now - oldest).total_seconds() if oldest else 0.0
    counts = figures | {
        "failed_within_a_day": failed,
        "longest_wait_s": round(max(waited_s, 0.0), 1),
    }
    is_paused = pause.is_paused()
    counts["paused"] = int(is_paused)
    if is_paused:
        return _paused(pause.look(), counts)
    if oldest and moment.now - oldest > PATIENCE:
        told, advice = sentences.STUCK(), sentences.MORE_WORKERS()
        return Item("queue", Status.DEGRADED, told, advice, counts, since=oldest)
    told = sentences.QUEUE(waiting=figures["waiting"], running=figures["running"])
    return Item("queue", Status.OK, told, counts=counts)


def _paused(drain: Drain, counts: dict[str, Any]) -> Item:
    """Somebody did that, and somebody has to resume it."""
    if drain.is_drained:
        told = sentences.QUEUE_DRAINED(waiting=drain.waiting)
    else:
        told = sentences.QUEUE_DRAINING(running=drain.running)
    advice = sentences.RESUME_QUEUE()
    return Item("queue", Status.DEGRADED, told, advice, counts, since=drain.paused_at)


def redis(moment: Moment) -> Item:
    """Bad, if a worker's host can't reach it: the watch asks, so that no request waits for it."""
    if not settings.GHOST.redis_url:
        return Item("redis", Status.OK, sentences.NO_REDIS())
    living = moment.once(living_workers)
    errors = {row.host: from_plain(row.facts.get(REDIS_FACT)) for row in living}
    away = {host: error for host, error in errors.items() if error}
    if away:
        told = sentences.REDIS_AWAY(names=sentences.listed(sorted(away)))
        error = next(iter(away.values()))
        return Item("redis", Status.DEGRADED, told, sentences.START_REDIS(), last_error=error)
    if not any(REDIS_FACT in row.facts for row in living):
        return Item("redis", Status.UNKNOWN, sentences.NOTHING_SEEN())
    return Item("redis", Status.OK, sentences.REDIS())


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
