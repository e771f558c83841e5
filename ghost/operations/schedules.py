"""What runs by the clock: plain data, and the few functions that make the queue agree with it.

django-q2's table holds when each runs next; when that is, is said here alone. Its own scheduler knows cron
without a zone of its own and runs a job at 02:30 twice on the day that has it twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.formats import localize
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_q.models import Schedule
from django_q.tasks import async_task

from ghost.core.audit import trail
from ghost.core.cron import Cron
from ghost.core.errors import ConflictError, RefusedError
from ghost.core.jobs import queue
from ghost.core.jobs.entries import QueueEntry
from ghost.core.jobs.models import JobKind
from ghost.core.jobs.pause import is_paused
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
        ("prove a backup", _("prove a backup")),
        ("copy backups", _("copy backups")),
        ("back up to git", _("back up to git")),
        ("send the digest", _("send the digest")),
        ("prune old data", _("prune old data")),
        ("prune events", _("prune events")),
        ("drop ended sessions", _("drop ended sessions")),
    )
}
"""What the schedules are called in the reader's language."""


def spoken(name: str) -> Reason:
    """A schedule's name in the reader's language; a stranger's as it is."""
    return NAMES[name]() if name in NAMES else words(name)


def slug(name: str) -> str:
    """A schedule's name in addresses."""
    return name.replace(" ", "-")


@dataclass(frozen=True)
class ScheduledTask:
    """One scheduled task: what is called, and how often, or when: a line of cron goes before the minutes."""

    name: str
    task: str
    minutes: int = 0
    cron: str = ""

    @property
    def slug(self) -> str:
        """Its name in addresses."""
        return slug(self.name)

    @property
    def timing(self) -> str:
        """When it runs, as text: another timing is planned anew."""
        return str(self._cron) if self.cron else f"every {self.minutes} min"

    @property
    def _cron(self) -> Cron:
        return Cron(self.cron, settings.GHOST.zone)

    def after(self, moment: datetime) -> datetime:
        """When it is next due after it ran at that moment."""
        if self.cron:
            return self._cron.after(moment)
        return moment + timedelta(minutes=self.minutes)

    def next_runs(self, due_at: datetime, count: int = 3) -> list[datetime]:
        """That run and those after it, so many in all."""
        runs = [due_at]
        while len(runs) < count:
            runs.append(self.after(runs[-1]))
        return runs

    def plan(self, due_at: datetime, now: datetime) -> datetime:
        """The run that follows one that was due then: later than now, an interval in its old step."""
        if self.cron:
            return self._cron.after(now)
        period = timedelta(minutes=self.minutes)
        return due_at + max((now - due_at) // period + 1, 1) * period


def entries() -> list[ScheduledTask]:
    """Every schedule of Ghost; operators pause them in the admin, nobody edits them there."""
    return [*_network(), *_site(), *_backups(), *_digest(), *_cleanups()]


def find(name: str) -> ScheduledTask | None:
    """The schedule of that name, or of that slug."""
    return next((entry for entry in entries() if name in (entry.name, entry.slug)), None)


def _network() -> list[ScheduledTask]:
    ghost = settings.GHOST
    minutes, at = ghost.dht_scan_interval_hr * 60, ghost.dht_scan_at
    return [
        ScheduledTask("probe what is due", "dht.tasks.run_probes", 1),
        ScheduledTask("scan health", "dht.tasks.scan_health", minutes, at),
        ScheduledTask("count DHT nodes", "dht.tasks.count_nodes", 1),
        ScheduledTask("resume a scan", "dht.tasks.resume_scan", 1),
    ]


def _site() -> list[ScheduledTask]:
    ghost = settings.GHOST
    return [
        ScheduledTask("build what changed", "builds.tasks.build_if_due", ghost.build_interval_min),
        ScheduledTask("publish what has come due", "builds.tasks.note_published", 1),
        ScheduledTask("fetch covers that are due", "builds.tasks.localize_covers", 1),
        ScheduledTask("deploy again what failed", "builds.tasks.deploy_if_due", 1),
        ScheduledTask("verify the site", "builds.tasks.verify_site", 24 * 60, ghost.verify_at),
    ]


def _backups() -> list[ScheduledTask]:
    ghost, room = settings.GHOST, "ghost.operations.tasks"
    made, proven = ghost.backup_interval_hr * 60, ghost.backup_proof_interval_hr * 60
    return [
        ScheduledTask("back up", f"{room}.back_up", made, ghost.backup_at),
        ScheduledTask("prove a backup", f"{room}.prove_backup", proven, ghost.backup_proof_at),
        ScheduledTask("copy backups", f"{room}.copy_backups", 5),
        *_git_backup(),
    ]


def _git_backup() -> list[ScheduledTask]:
    """None where it is off."""
    minutes, at = settings.GHOST.git_backup_interval_hr * 60, settings.GHOST.git_backup_at
    task = ScheduledTask("back up to git", "ghost.operations.tasks.back_up_to_git", minutes, at)
    return [task] if settings.GHOST.git_backup_enabled else []


def _digest() -> list[ScheduledTask]:
    """None where it is off; how often is said by GHOST_DIGEST, when by GHOST_DIGEST_AT."""
    minutes = {"daily": 24 * 60, "weekly": 7 * 24 * 60}.get(settings.GHOST.digest)
    task = "ghost.operations.tasks.send_digest"
    at = settings.GHOST.digest_at
    return [ScheduledTask("send the digest", task, minutes, at)] if minutes else []


def _cleanups() -> list[ScheduledTask]:
    at = settings.GHOST.cleanup_at
    return [
        ScheduledTask("prune old data", "ghost.operations.tasks.prune", 24 * 60, at),
        ScheduledTask("prune events", "ghost.operations.tasks.prune_events", 10),
        ScheduledTask("drop ended sessions", "ghost.operations.tasks.drop_ended_sessions", 60),
    ]


def sync() -> int:
    """Make the table of schedules equal `entries()`; how many rows changed.

    A schedule keeps its next run unless its timing changed, so a restart postpones nothing.
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
    table = Counter(Schedule.objects.values_list("name", "func"))
    timings = set(ScheduleRun.objects.values_list("name", "timing"))
    wanted = entries()
    return table != Counter((entry.name, entry.task) for entry in wanted) or timings != {
        (entry.name, entry.timing) for entry in wanted
    }


def catch_up() -> int:
    """Have what should have run while no worker did run now. How many schedules that were."""
    now = timezone.now()
    late = Schedule.objects.exclude(repeats=PAUSED).filter(next_run__lt=now)
    return int(late.update(next_run=now))


def go_on() -> None:
    """After the queue was paused: all that should have run meanwhile runs once, and is waited for from
    now on."""
    with transaction.atomic():
        catch_up()
        ScheduleRun.objects.update(expected_since=timezone.now())


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
    """Queue what is due, unless GHOST_ENABLE_SCHEDULER is 0, or the queue is paused: then it would only
    lie there."""
    rows = Schedule.objects.exclude(repeats=PAUSED)
    if not settings.GHOST.enable_scheduler or not any(map(_is_due, rows)) or is_paused():
        return
    with (
        transaction.atomic()
    ):  # takes the write lock: another host's watch waits here, and finds nothing
        for row in rows.select_for_update():
            if _is_due(row):
                _queue(row)


def run_now(name: str) -> str:
    """Queue a schedule's task, whenever it is due; the id of its job. RefusedError if there is no such
    schedule, ConflictError if its task waits or runs already."""
    entry = find(name)
    with transaction.atomic():
        row = Schedule.objects.select_for_update().filter(name=entry.name if entry else "").first()
        if entry is None or row is None:
            raise RefusedError(gettext("There is no schedule %(name)s.") % {"name": name})
        _require_idle(row)
        row.task = queue.enqueue(row.func, kind=JobKind.OTHER, group=row.name)
        Schedule.objects.filter(pk=row.pk).update(task=row.task)
        trail.record("schedule.run", row)
    return str(row.task)


def _require_idle(row: Schedule) -> None:
    """Also if it was asked for in another way than by the clock."""
    held = QueueEntry.objects.filter(func=row.func).order_by("begun_at").last()
    if held and held.worker:
        at = localize(timezone.localtime(held.begun_at))
        raise ConflictError(gettext("It is running already, since %(at)s.") % {"at": at})
    if held:
        raise ConflictError(gettext("It waits in the queue already."))


def _is_due(row: Schedule) -> bool:
    """Also where it is planned later than it can be: the clock was set back."""
    now, entry = timezone.now(), find(row.name)
    return bool(row.next_run < now or (entry and row.next_run > entry.after(now)))


def _queue(row: Schedule) -> None:
    """Unless the last one still waits: one finds all that there is to do."""
    now, entry = timezone.now(), find(row.name)
    if entry is None:  # another version's: `sync` drops it
        return
    if not QueueEntry.objects.waiting().filter(task_id=row.task).exists():
        row.task = async_task(row.func, group=row.name)
    next_run = entry.plan(min(row.next_run, now), now)
    Schedule.objects.filter(pk=row.pk).update(task=row.task, next_run=next_run)


def _sync_one(entry: ScheduledTask) -> int:
    rows = list(Schedule.objects.filter(name=entry.name).order_by("id"))
    for twin in rows[1:]:
        twin.delete()  # names are not unique in that table
    row = rows[0] if rows else Schedule(name=entry.name, repeats=FOREVER)
    is_known = ScheduleRun.objects.filter(name=entry.name, timing=entry.timing).exists()
    if rows and is_known and row.func == entry.task:
        return len(rows) - 1
    row.func, row.schedule_type, row.minutes = entry.task, Schedule.MINUTES, None
    row.next_run = entry.after(timezone.now())
    row.save()
    ScheduleRun.objects.expect(entry.name, entry.timing)
    return 1
