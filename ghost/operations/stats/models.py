"""What was counted last."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models


class CatalogCount(models.Model):
    """The counts of the whole installation: one row."""

    counts: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    """A number by name, or a number by value (`ghost.operations.stats.counting`)."""
    counted_at = models.DateTimeField()
    seconds = models.FloatField()
    """How long it took."""

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.counted_at:%Y-%m-%d %H:%M}"

    def is_due(self, now: datetime, least: timedelta, share: float) -> bool:
        """Whether to count again: not within `least`, nor so soon that counting takes more than that
        share of a processor."""
        pause = max(least, timedelta(seconds=self.seconds / share))
        return not timedelta(0) <= now - self.counted_at < pause
