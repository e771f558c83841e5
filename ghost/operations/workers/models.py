"""Workers that were replaced since they held too much memory."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.db import models

from ghost.core.db import clock
from ghost.core.heartbeats.models import HOST_CHARS, host_name

COUNTED_FOR = timedelta(hours=1)
KEPT_FOR = timedelta(days=1)


class WorkerReplacementQuerySet(models.QuerySet["WorkerReplacement"]):
    """Replacements; all times in them are the database's."""

    def of_late(self, now: datetime) -> Self:
        """Those within COUNTED_FOR; one from the future was written by a clock that was set back since."""
        return self.filter(at__gt=now - COUNTED_FOR, at__lt=now + COUNTED_FOR)

    def note(self, pid: int, memory_mb: int) -> None:
        """That this process of this host ends, since it held so much."""
        now = clock.now()
        self.filter(at__lt=now - KEPT_FOR).delete()
        self.create(at=now, host=host_name(), pid=pid, memory_mb=memory_mb)


class WorkerReplacement(models.Model):
    """One worker process that ended between two tasks, above GHOST_WORKER_MAX_MEMORY_MB."""

    at = models.DateTimeField(db_index=True)
    host = models.CharField(max_length=HOST_CHARS)
    pid = models.PositiveIntegerField()
    memory_mb = models.PositiveIntegerField()

    objects = WorkerReplacementQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"
