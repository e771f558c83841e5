"""What runs by the clock: plain data, and the one function that makes the queue agree with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_q.models import Schedule


@dataclass(frozen=True)
class ScheduledTask:
    """One scheduled task: what is called, how often."""

    name: str
    task: str
    minutes: int


def entries() -> list[ScheduledTask]:
    """Every schedule of Ghost; operators pause them in the admin, nobody edits them there."""
    # Backups of PostgreSQL are made by its own programs: see ghost.operations.backup.
    is_backed_up = not settings.GHOST.database_url
    every = settings.GHOST.backup_interval_hr * 60
    return [
        ScheduledTask("probe what is due", "dht.tasks.run_probes", 1),
        ScheduledTask(
            "scan health", "dht.tasks.scan_health", settings.GHOST.dht_scan_interval_hr * 60
        ),
        ScheduledTask("resume a scan", "dht.tasks.resume_scan", 1),
        ScheduledTask(
            "build what changed", "builds.tasks.build_if_due", settings.GHOST.build_interval_min
        ),
        ScheduledTask("publish what has come due", "builds.tasks.note_published", 1),
        ScheduledTask("fetch covers that are due", "builds.tasks.localize_covers", 1),
        ScheduledTask("deploy again what failed", "builds.tasks.deploy_if_due", 1),
        ScheduledTask("verify the site", "builds.tasks.verify_site", 24 * 60),
        *(
            [ScheduledTask("back up", "ghost.operations.tasks.back_up", every)]
            if is_backed_up
            else []
        ),
        ScheduledTask("prune old data", "ghost.operations.tasks.prune", 24 * 60),
        ScheduledTask("prune events", "ghost.operations.tasks.prune_events", 10),
    ]


def sync() -> int:
    """Make the table of schedules equal `entries()`; how many rows changed.

    A schedule keeps its next run unless its period changed, so a restart postpones nothing; what
    should have run while nothing did is due now (the queue would step through every missed run).
    """
    with transaction.atomic():
        wanted = {entry.name: entry for entry in entries()}
        changed = int(Schedule.objects.exclude(name__in=wanted).delete()[0])
        for entry in wanted.values():
            changed += _sync_one(entry)
        Schedule.objects.filter(next_run__lt=timezone.now()).update(next_run=timezone.now())
    return changed


def _sync_one(entry: ScheduledTask) -> int:
    rows = list(Schedule.objects.filter(name=entry.name).order_by("id"))
    for twin in rows[1:]:
        twin.delete()  # names are not unique in that table
    row = rows[0] if rows else Schedule(name=entry.name, repeats=-1)
    if rows and (row.func, row.minutes) == (entry.task, entry.minutes):
        return 0
    row.func, row.minutes, row.schedule_type = entry.task, entry.minutes, Schedule.MINUTES
    row.next_run = timezone.now() + timedelta(minutes=entry.minutes)
    row.save()
    return 1
