"""Samples of how busy hosts are, kept for a bounded time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models

from ghost.core.heartbeats.models import HOST_CHARS

EVERY = timedelta(minutes=1)
FINE_FOR = timedelta(days=1)
"""Of older ones each tenth is kept."""
KEPT = timedelta(days=14)
TENTHS = range(0, 60, 10)
"""Minutes of the hour whose samples are kept for longer."""


class SampleQuerySet(models.QuerySet["Sample"]):
    """Samples, the newest first."""

    def since(self, moment: datetime) -> Self:
        """Those that were taken later."""
        return self.filter(at__gt=moment)

    def of_late(self, now: datetime, span: timedelta) -> dict[str, list[Sample]]:
        """Those of the last while, by host, the newest first: two queries, since of the newest alone disks and
        processes are told."""
        late = self.filter(at__gt=now - span, at__lte=now + EVERY).order_by("host", "-at")
        found: dict[str, list[Sample]] = {}
        for row in late.defer("disks", "processes"):
            found.setdefault(row.host, []).append(row)
        whole = self.in_bulk([rows[0].pk for rows in found.values()])
        return {host: [whole[rows[0].pk], *rows[1:]] for host, rows in found.items()}

    def outdated(self, before: datetime) -> Self:
        """Those from before then, and of those that are not much younger all but the tenths; by the clock
        `before` lies KEPT ago."""
        is_fine = models.Q(at__lt=before + KEPT - FINE_FOR) & ~models.Q(at__minute__in=TENTHS)
        return self.filter(models.Q(at__lt=before) | is_fine).order_by()


class Sample(models.Model):
    """One host at one moment; times are the database's."""

    host = models.CharField(max_length=HOST_CHARS)
    at = models.DateTimeField(db_index=True)
    cores = models.PositiveSmallIntegerField()
    cpu_percent = models.FloatField()
    """Of all its processors together, since the sample before."""
    load_1m = models.FloatField()
    load_5m = models.FloatField()
    load_15m = models.FloatField()
    memory_total_bytes = models.PositiveBigIntegerField()
    memory_available_bytes = models.PositiveBigIntegerField()
    least_free_percent = models.FloatField(default=100)
    """Space left on the fullest of its disks in use."""
    disks: models.JSONField[list[dict[str, Any]]] = models.JSONField(default=list)
    """As `ghost.operations.figures.machines.disk_space.disks` tells them."""
    processes: models.JSONField[dict[str, dict[str, int]]] = models.JSONField(default=dict)
    """Ghost's own, by role: `number`, `bytes` and `largest_bytes`."""

    objects = SampleQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.host} {self.at:%Y-%m-%d %H:%M}"

    @property
    def available_percent(self) -> float:
        """Memory that can still be had."""
        total = self.memory_total_bytes
        return round(100 * self.memory_available_bytes / total, 1) if total else 100.0
