"""The table of schedules is what the code says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ, Schedule

from ghost.operations import schedules

pytestmark = pytest.mark.django_db


def table() -> list[tuple[str, str, int]]:
    return list(Schedule.objects.order_by("id").values_list("name", "func", "minutes"))


def test_sync_makes_the_table_equal_the_code(configure):
    Schedule.objects.create(name="stranger", func="os.system")
    Schedule.objects.create(name="scan health", func="old.path")
    Schedule.objects.create(name="scan health", func="old.path")

    schedules.sync()

    wanted = {(e.name, e.task, e.minutes) for e in schedules.entries()}
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


@pytest.mark.django_db(transaction=True)  # the scheduler closes a connection amid a transaction
def test_the_clock_queues_every_schedule():
    """By the queue's own scheduler, with the time of each schedule come."""
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


def test_while_nothing_is_due_nothing_is_written(django_assert_num_queries):
    schedules.sync()

    with django_assert_num_queries(1):
        schedules.queue_due()
