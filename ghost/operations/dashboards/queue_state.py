"""The queue as dashboards ask for it, put together from the figures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django_q.conf import Conf

from ghost.core.config import vault
from ghost.core.jobs import pause
from ghost.core.jobs.pause import Drain
from ghost.operations import figures, schedules
from ghost.operations.figures import Figures, Item, Status


def resume() -> Drain:
    """Let tasks begin again, and what the clock should have begun meanwhile; how it stands."""
    with transaction.atomic():
        if pause.is_paused():
            schedules.go_on()
        return pause.resume()


def look() -> dict[str, Any]:
    """Status, queues, workers, scheduler, secrets and pause, as plain values."""
    found, drain = figures.current(), pause.look()
    return {
        "status": status(found, drain),
        "queues": [_queue(found, drain)],
        "workers": list(_workers(found.item("workers"))),
        "scheduler": _scheduler(found.item("schedules")),
        "vault": _vault(),
        "pause": drain,
    }


def status(found: Figures, drain: Drain) -> str:
    """`offline` without a worker; `degraded` if it is paused, or needs a person."""
    workers, queue = found.item("workers"), found.item("queue")
    if workers.status in (Status.DOWN, Status.UNKNOWN):
        return "offline"
    return "degraded" if workers.is_bad or queue.is_bad or drain.paused_at else "online"


def _queue(found: Figures, drain: Drain) -> dict[str, Any]:
    return {
        "name": Conf.CLUSTER_NAME,
        "size": drain.waiting,
        "deferred": drain.waiting if drain.paused_at else 0,
        "scheduled": _unpaused(found.item("schedules")),
        "started": drain.running,
        "failed": found.item("queue").counts.get("failed_within_a_day", 0),
    }


def _unpaused(item: Item) -> int:
    return int(item.counts.get("scheduled", 0) - item.counts.get("paused", 0))


def _scheduler(item: Item) -> dict[str, Any]:
    return {
        "enabled": settings.GHOST.enable_scheduler,
        "scheduled_jobs": _unpaused(item),
        "overdue": item.counts.get("overdue", 0),
    }


def _workers(workers: Item) -> Iterator[dict[str, Any]]:
    for host in workers.rows:
        for process in host["processes"]:
            since = process.get("since")
            yield {
                "name": process["name"],
                "host": host["host"],
                "state": process["state"] if host["state"] == "alive" else "dead",
                "current_task": process.get("task"),
                "started_at": datetime.fromisoformat(since) if since else None,
                "last_seen_at": host["last_seen_at"],
            }


def _vault() -> dict[str, Any]:
    secrets = list(vault.kept(settings.GHOST))
    return {"status": "ok" if all(each.ok for each in secrets) else "degraded", "secrets": secrets}
