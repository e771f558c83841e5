"""The queue's figures, whichever broker carries the tasks."""

from __future__ import annotations

import pytest
from django_q.models import OrmQ, Task

from ghost.core.jobs.models import Job, JobKind
from tests.ghost.operations.figures.moments import ago, item, told
from tests.presence import present

pytestmark = pytest.mark.django_db


def job(task_id: str, **values) -> Job:
    return Job.objects.create(task_id=task_id, kind=JobKind.BUILD, **values)


def test_what_waits_and_runs_is_counted_from_jobs():
    job("1")
    job("2")
    job("3", started_at=ago(minutes=1))
    job("4", started_at=ago(minutes=1), finished_at=ago(seconds=1), is_ok=True)
    for name, hours in (("a", 1), ("b", 30)):
        when = ago(hours=hours)
        Task.objects.create(id=name, name=name, func="x", started=when, stopped=when, success=False)

    counts = item("queue").counts

    assert told("queue") == ("ok", "queue.moves")
    assert (counts["waiting"], counts["running"], counts["failed_within_a_day"]) == (2, 1, 1)


def test_a_job_that_nobody_takes_degrades_it():
    job("1", asked_at=ago(minutes=11))
    job("2")

    assert told("queue") == ("degraded", "queue.stuck")
    assert present(item("queue").since) < ago(minutes=10)


def test_a_task_of_nobody_s_that_waits_degrades_it_too():
    OrmQ.objects.create(key="ghost", payload="x", lock=ago(minutes=11))

    assert told("queue") == ("degraded", "queue.stuck")


def test_a_task_that_a_worker_has_is_not_waiting():
    OrmQ.objects.create(key="ghost", payload="x", lock=ago(minutes=-50))
    job("1", asked_at=ago(minutes=50), started_at=ago(minutes=49))

    assert told("queue") == ("ok", "queue.moves")
