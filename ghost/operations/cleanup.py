"""A cleanup that somebody asks for: at once where it is little, else by a worker."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from ghost.core.audit import trail
from ghost.core.catalog.models import Catalog
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind
from ghost.operations import retention, tasks
from ghost.operations.retention import Outcome

AT_ONCE = 5_000
"""Rows and files that a request removes by itself, within a second or two."""


@dataclass(frozen=True)
class Report:
    """What was removed, or would be; `task_id` is the task's that does it."""

    outcomes: list[Outcome]
    days: int | None
    dry_run: bool
    task_id: str | None = None

    @property
    def total(self) -> int:
        """How many rows and files in all."""
        return sum(each.number for each in self.outcomes)


def run(days: int | None = None, *, dry_run: bool = False) -> Report:
    """Remove all that is beyond its bound, history after so many days if they are fewer than it is kept."""
    found = Report(retention.preview(days), days, dry_run)
    if dry_run:
        return found
    if found.total <= AT_ONCE:
        _record(days)
        return Report(retention.clean(days), days, dry_run)
    with transaction.atomic():
        task_id = queue.enqueue(tasks.clean_up, days, kind=JobKind.OTHER)
        _record(days)
    return Report(found.outcomes, days, dry_run, task_id)


def run_here(days: int | None = None) -> Report:
    """The same in this process, however much it is: for commands."""
    _record(days)
    return Report(retention.clean(days), days, dry_run=False)


def _record(days: int | None) -> None:
    trail.record("maintenance.cleanup", Catalog.get(), None, {"days": days})
