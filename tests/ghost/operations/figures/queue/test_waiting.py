"""The queue's figures, whichever broker carries the tasks."""

from __future__ import annotations

import pytest
from django_q.models import OrmQ, Schedule, Task

from ghost.core.jobs import pause
from ghost.core.jobs.entries import QueueEntry
from ghost.core.jobs.schedule_runs import ScheduleRun
from ghost.core.jobs.worker import REDIS_AWAY
from ghost.operations import schedules
from ghost.operations.dashboards import queue_state
from tests.ghost.operations.figures.moments import ago, heartbeat, item, told
from tests.presence import present

pytestmark = pytest.mark.django_db


def entry(task_id: str, **values) -> QueueEntry:
    return QueueEntry.objects.create(task_id=task_id, func="x", **values)


def test_what_waits_and_runs_is_counted():
    entry("1")
    entry("2")
    entry("3", worker="one:1:1", begun_at=ago(minutes=1))
    for name, hours in (("a", 1), ("b", 30)):
        when = ago(hours=hours)
        Task.objects.create(id=name, name=name, func="x", started=when, stopped=when, success=False)

    counts = item("queue").counts

    assert told("queue") == ("ok", "queue.moves")
    assert (counts["waiting"], counts["running"], counts["failed_within_a_day"]) == (2, 1, 1)


def test_a_task_that_nobody_takes_degrades_it():
    entry("1", asked_at=ago(minutes=11))
    entry("2")

    assert told("queue") == ("degraded", "queue.stuck")
    assert present(item("queue").since) < ago(minutes=10)


def test_one_that_a_cluster_has_fetched_and_nobody_begins_does_so_too():
    entry("1", asked_at=ago(minutes=11), cluster="one:1:1", held_at=ago(seconds=1))

    assert told("queue") == ("degraded", "queue.stuck")


def test_one_that_runs_for_long_or_waits_anew_does_not():
    entry("1", asked_at=ago(minutes=50), worker="one:1:1", begun_at=ago(minutes=49))
    entry("2", asked_at=ago(minutes=50), begun_at=ago(minutes=1))

    assert told("queue") == ("ok", "queue.moves")


def test_a_row_without_an_entry_counts_by_its_lock():
    row = OrmQ.objects.create(key="ghost", payload="x", lock=ago(minutes=11))
    waiting = told("queue")
    OrmQ.objects.filter(pk=row.pk).update(lock=ago(minutes=-50))

    assert (waiting, told("queue")) == (("degraded", "queue.stuck"), ("ok", "queue.moves"))


def test_redis_is_as_workers_hosts_see_it(configure):
    unused = told("redis")
    configure(redis_url="redis://127.0.0.1:1/0")
    unseen = told("redis")
    row = heartbeat(facts={"redis": ""})
    there = told("redis")
    row.facts = {"redis": REDIS_AWAY(address="redis://127.0.0.1:1/0", why="refused").plain()}
    row.save()

    assert (unused, unseen, there, told("redis")) == (
        ("ok", "redis.unused"), ("unknown", "nothing_seen"), ("ok", "redis.answers"),
        ("degraded", "redis.away"),
    )  # fmt: skip
    assert "refused" in str(item("redis").last_error)


def test_a_paused_queue_needs_somebody_and_says_whether_it_is_drained():
    entry("1", worker="one:1:1", begun_at=ago(minutes=1))
    entry("2", asked_at=ago(minutes=11))
    pause.pause()
    draining = told("queue")
    QueueEntry.objects.filter(task_id="1").delete()

    assert draining == ("degraded", "queue.draining")
    assert told("queue") == ("degraded", "queue.drained")
    pause.resume()
    assert told("queue") == ("degraded", "queue.stuck")


def test_schedules_are_not_overdue_while_the_queue_is_paused_nor_right_after():
    heartbeat()
    schedules.sync()
    Schedule.objects.update(next_run=ago(hours=3))
    ScheduleRun.objects.update(expected_since=ago(days=3), ended_at=ago(hours=4))
    before = told("schedules")
    pause.pause()
    meanwhile = told("schedules")
    queue_state.resume()

    assert before == ("degraded", "schedules.overdue")
    assert meanwhile == ("ok", "schedules.wait")
    assert told("schedules")[0] == "ok"
