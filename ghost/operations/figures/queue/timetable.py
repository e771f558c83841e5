"""The schedules: when each ran last, when it runs next, whether it is overdue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django_q.conf import Conf
from django_q.models import Schedule

from ghost.core.jobs.pause import is_paused
from ghost.core.jobs.schedule_runs import ScheduleRun
from ghost.core.text.reasons import NONE, Reason, from_plain, words
from ghost.operations import schedules
from ghost.operations.figures import sentences
from ghost.operations.figures.item import Item, Moment, Status

NAME = "schedules"
LATE = timedelta(minutes=5)
"""The watch queues what is due every few seconds: who is due for so long is not looked after."""
MAX_RUN = timedelta(seconds=Conf.TIMEOUT or 3600)
GRACE = timedelta(minutes=15)
"""Beyond its period, for what waits for its turn in the queue and then takes its time."""
ELSEWHERE = ("back up", "prove a backup", "copy backups", "back up to git")
"""Whose failures are told by another item."""


@dataclass(frozen=True)
class Entry:
    """A schedule and its last run."""

    schedule: Schedule
    run: ScheduleRun | None
    is_queue_paused: bool = False

    @cached_property
    def task(self) -> schedules.ScheduledTask | None:
        """What the code says of it; None of one that the start is about to drop."""
        return schedules.find(self.name)

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.schedule.name)

    @property
    def slug(self) -> str:
        """Its name in addresses."""
        return schedules.slug(self.name)

    @property
    def is_paused(self) -> bool:
        """Whether an operator paused it."""
        return bool(self.schedule.repeats == schedules.PAUSED)

    @property
    def has_failed(self) -> bool:
        """Whether its last run ended with an error."""
        return self.run is not None and self.run.is_ok is False

    @property
    def last_error(self) -> Reason:
        """What that run said."""
        return words(str(self.run.result)) if self.run and self.has_failed else NONE

    @property
    def result(self) -> Reason:
        """What its last run said, error or not."""
        value = self.run.result if self.run else None
        return from_plain(value) or words(str(value or ""))

    def is_overdue(self, now: datetime) -> bool:
        """Whether it should have been queued, or have ended, some time ago."""
        if self.is_paused or self.is_queue_paused or not settings.GHOST.enable_scheduler:
            return False
        return bool(self.schedule.next_run < now - LATE) or self._is_missed(now)

    def _is_missed(self, now: datetime) -> bool:
        """Whether it was queued, and nobody came to the end of it."""
        if self.run is None:
            return False
        if self.run.is_running and self.run.began_at and now - self.run.began_at < MAX_RUN:
            return False
        return self.task is not None and self.task.after(self.run.last_heard_at) + GRACE < now

    def plain(self, now: datetime) -> dict[str, Any]:
        """As values for JSON."""
        run, task = self.run, self.task
        return {
            "name": self.name,
            "every_minutes": None if task is None or task.cron else task.minutes,
            "cron": (task.cron or None) if task else None,
            "time_zone": settings.GHOST.time_zone if task and task.cron else None,
            "last_run_at": run.ended_at if run else None,
            "next_run_at": None if self.is_paused else self.schedule.next_run,
            "is_ok": run.is_ok if run else None,
            "is_running": bool(run and run.is_running),
            "is_overdue": self.is_overdue(now),
            "is_paused": self.is_paused,
        }


def at(_moment: Moment) -> list[Entry]:
    """The same, for `Moment.once`."""
    return entries()


def entries() -> list[Entry]:
    """Every schedule of the table, in the order in which they were made."""
    runs = {run.name: run for run in ScheduleRun.objects.all()}
    waits = is_paused()
    return [Entry(row, runs.get(row.name), waits) for row in Schedule.objects.order_by("id")]


def item(moment: Moment) -> Item:
    """Bad, if one is missing, overdue, or failed last time."""
    table = moment.once(at)
    overdue = [e.is_overdue(moment.now) for e in table]
    counts = {
        "scheduled": len(table),
        "overdue": sum(overdue),
        "failed": sum(e.has_failed for e in table),
        "paused": sum(e.is_paused for e in table),
    }
    rows = [e.plain(moment.now) for e in table]
    return replace(_judged(table, moment), counts=counts, rows=rows)


def _judged(table: list[Entry], moment: Moment) -> Item:
    if not settings.GHOST.enable_scheduler:
        return Item(NAME, Status.OK, sentences.SCHEDULER_OFF())
    if any(e.is_queue_paused for e in table):
        return Item(NAME, Status.OK, sentences.SCHEDULES_WAIT())
    missing = {e.name for e in schedules.entries()} - {e.name for e in table}
    if missing and moment.is_starting:
        return Item(NAME, Status.UNKNOWN, sentences.NOTHING_SEEN())
    if missing:
        told = sentences.NOT_SET_UP(
            names=sentences.listed([schedules.spoken(name) for name in sorted(missing)])
        )
        return Item(NAME, Status.DEGRADED, told, sentences.PREPARE())
    if late := [e for e in table if e.is_overdue(moment.now)]:
        return _overdue(late, moment)
    if failed := [e for e in table if e.has_failed and e.name not in ELSEWHERE]:
        return _failed(failed)
    return Item(NAME, Status.OK, sentences.SCHEDULED(number=len(table)))


def _overdue(late: list[Entry], moment: Moment) -> Item:
    told = sentences.OVERDUE(names=_names(late))
    first = min(e.schedule.next_run for e in late)
    since = first if first < moment.now else None
    return Item(NAME, Status.DEGRADED, told, sentences.LOOK_AT_WORKER(), since=since)


def _failed(failed: list[Entry]) -> Item:
    run = failed[0].run
    return Item(
        NAME, Status.DEGRADED,
        sentences.RUN_FAILED(names=_names(failed)), sentences.LOOK_AT_FAILURES(),
        last_error=failed[0].last_error, since=run.ended_at if run else None,
    )  # fmt: skip


def _names(found: list[Entry]) -> Reason:
    return sentences.listed([schedules.spoken(e.name) for e in found])
