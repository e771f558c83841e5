"""The table of schedules is what the code says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ, Schedule

from ghost.core.audit.models import AuditEvent
from ghost.core.errors import ConflictError, RefusedError
from ghost.core.jobs import pause, worker
from ghost.core.jobs.entries import QueueEntry
from ghost.core.jobs.models import Job
from ghost.core.jobs.schedule_runs import ScheduleRun
from ghost.operations import schedules
from ghost.operations.dashboards import queue_state

pytestmark = pytest.mark.django_db


def table() -> list[tuple[str, str, str]]:
    timings = dict(ScheduleRun.objects.values_list("name", "timing"))
    rows = Schedule.objects.order_by("id").values_list("name", "func")
    return [(name, func, timings[name]) for name, func in rows]


def row(name: str = "scan health") -> Schedule:
    return Schedule.objects.get(name=name)


def due(name: str, **ago: float) -> None:
    Schedule.objects.filter(name=name).update(next_run=timezone.now() - timedelta(**ago))


def test_sync_makes_the_table_equal_the_code(configure):
    Schedule.objects.create(name="stranger", func="os.system")
    Schedule.objects.create(name="scan health", func="old.path")
    Schedule.objects.create(name="scan health", func="old.path")

    schedules.sync()

    wanted = {(e.name, e.task, e.timing) for e in schedules.entries()}
    assert set(table()) == wanted
    assert len(table()) == len(wanted)
    assert schedules.sync() == 0


def test_sync_keeps_the_next_run_unless_the_period_changed(configure):
    schedules.sync()
    before = dict(Schedule.objects.values_list("name", "next_run"))
    configure(build_interval_min=7)

    schedules.sync()

    after = dict(Schedule.objects.values_list("name", "next_run"))
    assert {name for name in after if after[name] != before[name]} == {"build what changed"}


@pytest.mark.parametrize("entry", schedules.entries(), ids=lambda e: e.name)
def test_every_scheduled_task_can_be_found(entry):
    assert callable(import_string(entry.task))


def test_the_clock_queues_every_schedule():
    schedules.sync()
    Schedule.objects.update(next_run=timezone.now() - timedelta(seconds=1))

    schedules.queue_due()

    queued = sorted(message.func() for message in OrmQ.objects.all())
    assert queued == sorted(entry.task for entry in schedules.entries())
    assert not Schedule.objects.filter(next_run__lte=timezone.now()).exists()


def test_without_the_scheduler_nothing_is_queued(configure):
    configure(enable_scheduler=False)
    schedules.sync()
    Schedule.objects.update(next_run=timezone.now() - timedelta(seconds=1))

    schedules.queue_due()

    assert OrmQ.objects.count() == 0


def test_while_the_queue_is_paused_nothing_is_queued_and_once_afterwards():
    schedules.sync()
    due("probe what is due", minutes=90)
    pause.pause()
    schedules.queue_due()
    while_paused = OrmQ.objects.count()

    queue_state.resume()
    schedules.queue_due()
    schedules.queue_due()

    assert while_paused == 0
    assert [message.func() for message in OrmQ.objects.all()] == ["dht.tasks.run_probes"]


def test_while_nothing_is_due_nothing_is_written(django_assert_num_queries):
    schedules.sync()

    with django_assert_num_queries(1):
        schedules.queue_due()


def test_a_time_of_day_goes_before_the_interval_and_is_planned_in_the_zone(configure):
    schedules.sync()
    configure(dht_scan_at="30 2 * * *", time_zone="Asia/Shanghai")
    is_noticed = schedules.is_out_of_step()

    changed = schedules.sync()

    assert (is_noticed, changed, schedules.is_out_of_step()) == (True, 1, False)
    assert f"{row().next_run:%H:%M}" == "18:30"
    assert row("verify the site").next_run - timezone.now() > timedelta(hours=23)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_another_zone_plans_anew_what_has_a_time_of_day(configure, zone):
    configure(backup_at="0 4 * * *", time_zone="Asia/Tokyo")
    schedules.sync()
    configure(backup_at="0 4 * * *", time_zone=zone)

    assert schedules.sync() == 1


def test_a_missed_time_of_day_is_caught_up_once(configure):
    configure(dht_scan_at="30 2 * * *")
    schedules.sync()
    due("scan health", days=3)

    for _ in range(2):
        schedules.queue_due()

    assert [message.func() for message in OrmQ.objects.all()] == ["dht.tasks.scan_health"]
    assert timezone.now() < row().next_run < timezone.now() + timedelta(days=1)


def test_an_interval_keeps_its_step(configure):
    schedules.sync()
    due("prune events", minutes=25)
    before = row("prune events").next_run

    schedules.queue_due()

    assert row("prune events").next_run - before == timedelta(minutes=30)


def test_while_one_waits_for_a_worker_no_other_is_queued():
    schedules.sync()
    for _ in range(3):
        due("probe what is due", minutes=1)
        schedules.queue_due()

    assert OrmQ.objects.count() == 1
    assert row("probe what is due").next_run > timezone.now()


def test_after_the_clock_was_set_back_what_is_planned_too_late_runs(configure):
    """Planned by a clock that was a month ahead."""
    configure(backup_at="0 4 * * *")
    schedules.sync()
    due("back up", days=-30)
    due("probe what is due", days=-30)

    schedules.queue_due()

    assert OrmQ.objects.count() == 2
    assert row("probe what is due").next_run < timezone.now() + timedelta(minutes=2)
    assert row("back up").next_run < timezone.now() + timedelta(days=1)


def test_a_period_of_months_is_kept_on_any_database(configure):
    """django-q2's own column ends at 32767 minutes on PostgreSQL."""
    configure(dht_scan_interval_hr=8760)

    schedules.sync()

    assert row().next_run - timezone.now() > timedelta(days=364)


@pytest.mark.parametrize("name", ["scan health", "scan-health"])
def test_run_now_queues_it_as_a_job_of_the_asker_and_leaves_the_clock(name, configure):
    configure(enable_scheduler=False)  # by hand it can be started all the same
    schedules.sync()
    before = row().next_run

    task_id = schedules.run_now(name)

    assert [message.func() for message in OrmQ.objects.all()] == ["dht.tasks.scan_health"]
    assert OrmQ.objects.get().task["group"] == "scan health"
    assert Job.objects.get(pk=task_id).status == "queued"
    assert (row().task, row().next_run) == (task_id, before)
    assert AuditEvent.objects.get().action == "schedule.run"


def test_run_now_says_that_it_waits_or_runs_already():
    schedules.sync()
    task_id = schedules.run_now("scan health")

    with pytest.raises(ConflictError, match="waits in the queue already"):
        schedules.run_now("scan health")
    worker.begin({"id": task_id})
    with pytest.raises(ConflictError, match="is running already, since 2"):
        schedules.run_now("scan health")
    QueueEntry.objects.all().delete()

    assert schedules.run_now("scan health") != task_id


def test_run_now_of_what_is_no_schedule_is_refused():
    schedules.sync()

    with pytest.raises(RefusedError, match=r"no schedule os\.system"):
        schedules.run_now("os.system")
