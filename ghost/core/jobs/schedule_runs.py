"""When each schedule ran last, and how that ended.

The queue's own results are pruned after some thousand tasks: what runs once a day would be
forgotten within hours.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import DatabaseError, models
from django.utils import timezone

log = logging.getLogger(__name__)

ERROR_CHARS = 500


class ScheduleRunQuerySet(models.QuerySet["ScheduleRun"]):
    """The last run of each schedule, by its name."""

    def expect(self, name: str, timing: str = "") -> None:
        """That from now on this schedule is waited for: it is new, has another timing, or is resumed."""
        changed = {"timing": timing} if timing else {}
        self.update_or_create({"expected_since": timezone.now(), **changed}, name=name)

    def begun(self, name: str) -> None:
        """That a worker has taken its task."""
        self.filter(name=name).update(began_at=timezone.now())

    def ended(self, name: str, *, is_ok: bool, result: object) -> None:
        """That its task has ended, and what it said."""
        self.filter(name=name).update(ended_at=timezone.now(), is_ok=is_ok, result=result)


class ScheduleRun(models.Model):
    """The last run of one schedule; made when the schedule is (`ghost.operations.schedules`)."""

    name = models.CharField(max_length=100, unique=True)
    timing = models.CharField(max_length=250)
    """When it runs: `every 60 min`, or a line of cron and its zone."""
    expected_since = models.DateTimeField(default=timezone.now)
    """Since when it is waited for as it is now."""
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    is_ok = models.BooleanField(null=True)
    result: models.JSONField[Any] = models.JSONField(null=True)
    """What its task returned (`ghost.core.text.reasons`), or the error's words."""

    objects = ScheduleRunQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name

    @property
    def is_running(self) -> bool:
        """Whether it has begun and not ended; also if its worker died."""
        return self.began_at is not None and (
            self.ended_at is None or self.ended_at < self.began_at
        )

    @property
    def last_heard_at(self) -> datetime:
        """When it last ended, or since when it is waited for, whichever came later."""
        return max(self.ended_at or self.expected_since, self.expected_since)


def begin(task: dict[str, Any], **_: object) -> None:
    """For the queue: a worker begins this task, whose group names its schedule."""
    _note(task, lambda name: ScheduleRun.objects.begun(name))


def end(task: dict[str, Any], **_: object) -> None:
    """For the queue: a worker has ended this task, or was made to by its time-out."""
    is_ok = bool(task.get("success"))
    said = _plain(task.get("result"), is_ok=is_ok)
    _note(task, lambda name: ScheduleRun.objects.ended(name, is_ok=is_ok, result=said))


def _plain(result: object, *, is_ok: bool) -> object:
    """What a task returned, as JSON can hold it; of an error its words."""
    if not is_ok:
        return str(result).partition(" : Traceback")[0].strip()[:ERROR_CHARS]
    try:
        json.dumps(result)
    except (TypeError, ValueError):
        return str(result)[:ERROR_CHARS]
    return result


def _note(task: dict[str, Any], write: Callable[[str], None]) -> None:
    name = task.get("group")
    if not name:
        return
    try:
        write(name)
    except DatabaseError:  # the task must not be kept from its work by our row
        log.warning("The run of a schedule could not be written down", exc_info=True)
