"""Tasks that ended of late, and what each said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import models
from django_q.models import Task

from ghost.core.jobs.models import Job, JobKind
from ghost.core.text.reasons import put_into_words

MAX_CHARS = 500
TRACE = " : Traceback"
"""What django-q2 puts between an error's words and where it arose."""


class Level(StrEnum):
    """How much a task's end wants to be looked at."""

    INFO = "info"
    """It went well."""
    WARNING = "warning"
    """It went well, at another try."""
    ERROR = "error"
    """It failed."""


@dataclass(frozen=True)
class EndedTask:
    """One task that ended."""

    task_id: str
    func: str
    kind: JobKind | None
    level: Level
    started_at: datetime
    finished_at: datetime
    attempts: int
    said: str | None

    @property
    def duration_s(self) -> float:
        """How long it ran."""
        return round((self.finished_at - self.started_at).total_seconds(), 3)


def recent(level: Level, limit: int, *, is_told: bool) -> list[EndedTask]:
    """Those of this level and above, the newest first. `is_told`: with their words, which may name people."""
    rows = list(_of(level).order_by("-stopped")[:limit])
    kinds = dict(Job.objects.filter(pk__in=[row.id for row in rows]).values_list("task_id", "kind"))
    return [_ended(row, kinds.get(row.id), is_told=is_told) for row in rows]


def _of(level: Level) -> models.QuerySet[Task]:
    is_error, is_warning = models.Q(success=False), models.Q(attempt_count__gt=1)
    wanted = {
        Level.INFO: models.Q(),
        Level.WARNING: is_error | is_warning,
        Level.ERROR: is_error,
    }
    found: models.QuerySet[Task] = Task.objects.filter(wanted[level])
    return found


def _ended(row: Task, kind: str | None, *, is_told: bool) -> EndedTask:
    return EndedTask(
        task_id=row.id,
        func=row.func,
        kind=JobKind(kind) if kind else None,
        level=_level(row),
        started_at=row.started,
        finished_at=row.stopped,
        attempts=row.attempt_count,
        said=_said(row) if is_told else None,
    )


def _level(row: Task) -> Level:
    if not row.success:
        return Level.ERROR
    return Level.WARNING if row.attempt_count > 1 else Level.INFO


def _said(row: Task) -> str | None:
    words = str(put_into_words(row.result) or "").partition(TRACE)[0]
    return words[:MAX_CHARS] or None
