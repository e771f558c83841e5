"""What runs by the clock: plain data, and the one function that makes the queue agree with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_q.models import Schedule
from django_q.scheduler import scheduler

from ghost.core.jobs.schedule_runs import ScheduleRun
from ghost.core.text.reasons import Reason, ReasonCode, words

FOREVER, PAUSED = -1, 0
"""`Schedule.repeats`."""


NAMES = {
    name: ReasonCode(f"schedule.{name.replace(' ', '_')}", sentence)
    for name, sentence in (
        ("probe what is due", _("probe what is due")),
        ("scan health", _("scan health")),
        ("count DHT nodes", _("count DHT nodes")),
        ("resume a scan", _("resume a scan")),
        ("build what changed", _("build what changed")),
        ("publish what has come due", _("publish what has come due")),
        ("fetch covers that are due", _("fetch covers that are due")),
        ("deploy again what failed", _("deploy again what failed")),
        ("verify the site", _("verify the site")),
        ("back up", _("back up")),
        ("prune old data", _("prune old data")),
        ("prune events", _("prune events")),
        ("drop ended sessions", _("drop ended sessions")),
    )
}
"""What the schedules are called in the reader's language."""


def spoken(name: str) -> Reason:
    """A schedule's name in the reader's language; a stranger's as it is."""
    return NAMES[name]() if name in NAMES else words(name)


@dataclass(frozen=True)
class ScheduledTask:
    """One scheduled task: what is called, how often."""

    name: str
    task: str
    minutes: int


def entries() -> list[ScheduledTask]:
    """Every schedule of Ghost; operators pause them in the admin, nobody edits them there."""
    # Backups of PostgreSQL are made by its own programs: see ghost.operations.backups.
    is_backed_up = not settings.GHOST.database_url
    every = settings.GHOST.backup_interval_hr * 60
    return [
        ScheduledTask("probe what is due", "dht.tasks.run_probes", 1),
        ScheduledTask(
            "scan health", "dht.tasks.scan_health", settings.GHOST.dht_scan_interval_hr * 60
        ),
        ScheduledTask("count DHT nodes", "dht.tasks.count_nodes", 1),
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
        ScheduledTask("drop ended sessions", "ghost.operations.tasks.drop_ended_sessions", 60),
    ]


def sync() -> int:
    """Make the table of schedules equal `entries()`; how many rows changed.

    A schedule keeps its next run unless its period changed, so a restart postpones nothing.
    """
    with transaction.atomic():
        wanted = {entry.name: entry for entry in entries()}
        changed = int(Schedule.objects.exclude(name__in=wanted).delete()[0])
        ScheduleRun.objects.exclude(name__in=wanted).delete()
        for entry in wanted.values():
            changed += _sync_one(entry)
    return changed


def is_out_of_step() -> bool:
    """Whether `sync` has something to change."""
    table = Counter(Schedule.objects.values_list("name", "func", "minutes"))
    wanted = Counter((entry.name, entry.task, entry.minutes) for entry in entries())
    return table != wanted or ScheduleRun.objects.count() != len(wanted)


def catch_up() -> int:
    """Have what should have run while no worker did run now: the queue would step through every
    missed run of it. How many schedules that were."""
    now = timezone.now()
    late = Schedule.objects.exclude(repeats=PAUSED).filter(next_run__lt=now)
    return int(late.update(next_run=now))


def pause(rows: Iterable[Schedule]) -> None:
    """Leave them out until they are resumed."""
    Schedule.objects.filter(pk__in=[row.pk for row in rows]).update(repeats=PAUSED)


def resume(rows: Iterable[Schedule]) -> None:
    """Let them run again, and be waited for from now on. What is late runs at once."""
    with transaction.atomic():
        for row in rows:
            Schedule.objects.filter(pk=row.pk).update(
                repeats=FOREVER, next_run=max(row.next_run, timezone.now())
            )
            ScheduleRun.objects.expect(row.name)


def queue_due() -> None:
    """Queue what is due, unless GHOST_ENABLE_SCHEDULER is 0."""
    due = Schedule.objects.exclude(repeats=PAUSED).filter(next_run__lt=timezone.now())
    if settings.GHOST.enable_scheduler and due.exists():  # the scheduler takes the write lock
        scheduler()


def _sync_one(entry: ScheduledTask) -> int:
    rows = list(Schedule.objects.filter(name=entry.name).order_by("id"))
    for twin in rows[1:]:
        twin.delete()  # names are not unique in that table
    row = rows[0] if rows else Schedule(name=entry.name, repeats=FOREVER)
    if rows and (row.func, row.minutes) == (entry.task, entry.minutes):
        ScheduleRun.objects.get_or_create(name=entry.name)
        return len(rows) - 1
    row.func, row.minutes, row.schedule_type = entry.task, entry.minutes, Schedule.MINUTES
    row.next_run = timezone.now() + timedelta(minutes=entry.minutes)
    row.save()
    ScheduleRun.objects.expect(entry.name)
    return 1
