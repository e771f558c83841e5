"""Heartbeats: what a worker host or a group of web processes last said of itself."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ghost.core.config.version import VERSION
from ghost.core.db import clock

DEAD_AFTER = timedelta(seconds=90)
"""Who was silent for so long is taken for dead."""
WITHOUT_WORKERS = timedelta(seconds=60)
"""A cluster that is ended is there again within 30 s."""
WORKERS_SEEN_FACT = "workers_seen_at"
"""In a worker host's heartbeat: when the watch last saw a worker of its cluster."""
CLOCK_JUMP_FACT = "clock_jump_s"
"""In a worker host's heartbeat: how far its clock jumped lately; null where it did not."""
FORGOTTEN_AFTER = timedelta(days=1)
HOST_CHARS = 100
SAME_START = timedelta(seconds=5)
"""A start that is told twice may differ by so much: the system rounds it."""


def host_name() -> str:
    """What this host is called, in heartbeats and in what workers say of themselves."""
    return socket.gethostname()[:HOST_CHARS]


class HeartbeatQuerySet(models.QuerySet["Heartbeat"]):
    """Heartbeats; all times in them are the database's."""

    def workers(self) -> Self:
        """Those of worker hosts."""
        return self.filter(kind=Heartbeat.Kind.WORKER)

    def web(self) -> Self:
        """Those of groups of web processes."""
        return self.filter(kind=Heartbeat.Kind.WEB)

    def living(self, now: datetime) -> Self:
        """Those heard of within DEAD_AFTER. One from the future was written by a clock that was set back since."""
        return self.filter(last_seen_at__gt=now - DEAD_AFTER, last_seen_at__lt=now + DEAD_AFTER)

    def has_workers(self, now: datetime) -> bool:
        """Whether anybody takes tasks: one query."""
        return any(row.has_workers(now) for row in self.workers().living(now).only("facts"))

    def beat(
        self,
        kind: Heartbeat.Kind,
        pid: int,
        *,
        started_at: datetime | None,
        processes: Sequence[dict[str, Any]],
        facts: dict[str, Any] | None = None,
        every: timedelta = timedelta(0),
    ) -> bool:
        """Say that the processes below `pid` of this host live; False if that was said within `every`.

        `started_at`: of `pid`; None where the system doesn't tell. `facts`: what else this host
        alone can see.
        """
        now = clock.now()
        started_at = started_at or now
        row = self.filter(kind=kind, host=host_name(), pid=pid).first()
        if row and row.is_same(started_at, now) and now - every < row.last_seen_at <= now:
            return False
        self.update_or_create(
            {
                "version": VERSION,
                "started_at": row.started_at if row and row.is_same(started_at, now) else started_at,
                "last_seen_at": now,
                "processes": list(processes),
                "facts": facts or {},
                "clock_ahead_s": (timezone.now() - now).total_seconds(),
            },
            kind=kind, host=host_name(), pid=pid,
        )  # fmt: skip
        if row is None:
            self.gone(now).delete()
        return True

    def gone(self, now: datetime) -> Self:
        """What was silent for FORGOTTEN_AFTER, but for the last of each kind: how long nobody has been
        there is to be told."""
        last = [
            self.filter(kind=kind).order_by("-last_seen_at").values_list("pk", flat=True).first()
            for kind in Heartbeat.Kind
        ]
        silent = self.filter(last_seen_at__lt=now - FORGOTTEN_AFTER)
        return silent.exclude(pk__in=[pk for pk in last if pk])


class Heartbeat(models.Model):
    """One worker host (`pid`: its parent process) or one group of web processes (their arbiter)."""

    class Kind(models.TextChoices):
        """What the processes do."""

        WORKER = "worker", _("worker")
        WEB = "web", _("web server")

    kind = models.CharField(max_length=10, choices=Kind)
    host = models.CharField(max_length=HOST_CHARS)
    pid = models.PositiveIntegerField()
    version = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(db_index=True)
    processes: models.JSONField[list[dict[str, Any]]] = models.JSONField(default=list)
    """Of each: `name`, `state`, `task` and `since` (see `ghost.core.heartbeats.processes`)."""
    facts: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    """What only that host can see, such as whether libtorrent can be loaded there."""
    clock_ahead_s = models.FloatField(default=0)
    """How far that host's clock is before the database's."""

    objects = HeartbeatQuerySet.as_manager()

    class Meta:
        ordering = ["-last_seen_at"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["kind", "host", "pid"], name="ghost_one_heartbeat")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.host}:{self.pid}"

    def is_same(self, started_at: datetime, now: datetime) -> bool:
        """Whether it is of the process that started then, and not of another with its number."""
        is_told = started_at < now
        if is_told:
            return abs(self.started_at - started_at) <= SAME_START
        return self.is_alive(now)

    def has_workers(self, now: datetime) -> bool:
        """Whether the cluster of this host works, or was started anew just now."""
        seen_at = self.facts.get(WORKERS_SEEN_FACT)
        return seen_at is None or now - datetime.fromisoformat(seen_at) < WITHOUT_WORKERS

    @property
    def clock_jump_s(self) -> float:
        """How far its clock jumped lately."""
        return float(self.facts.get(CLOCK_JUMP_FACT) or 0)

    def is_alive(self, now: datetime) -> bool:
        """Whether it was heard of within DEAD_AFTER (`HeartbeatQuerySet.living` for a set)."""
        return abs(now - self.last_seen_at) < DEAD_AFTER
