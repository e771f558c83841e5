"""When schedules ran last, told by the queue's own hooks."""

from __future__ import annotations

import pytest

from ghost.core.jobs import schedule_runs
from ghost.core.jobs.schedule_runs import ScheduleRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def run():
    return ScheduleRun.objects.create(name="back up")


def test_a_run_is_told_from_its_beginning_to_its_end(run):
    task = {"id": "1", "group": "back up"}

    schedule_runs.begin(task)
    run.refresh_from_db()
    during = run.is_running
    schedule_runs.end(task | {"success": True, "result": {"code": "nothing_to_do", "params": {}}})

    run.refresh_from_db()
    assert (during, run.is_running, run.is_ok) == (True, False, True)
    assert run.result == {"code": "nothing_to_do", "params": {}}
    assert run.last_heard_at == run.ended_at


def test_a_failure_is_told_without_its_traceback(run):
    schedule_runs.end({"id": "1", "group": "back up", "success": False,
                       "result": "disk full : Traceback (most recent"})  # fmt: skip

    run.refresh_from_db()
    assert (run.is_ok, run.result) == (False, "disk full")


@pytest.mark.parametrize("result", [None, 7, object(), {"x": object()}])
def test_whatever_a_task_returns_its_end_is_written_down(run, result):
    schedule_runs.end({"id": "1", "group": "back up", "success": True, "result": result})

    run.refresh_from_db()
    assert run.ended_at


def test_other_tasks_are_nobody_s_run(run):
    schedule_runs.begin({"id": "1"})
    schedule_runs.end({"id": "1", "group": None, "success": True, "result": None})
    schedule_runs.end({"id": "1", "group": "of somebody", "success": True, "result": None})

    run.refresh_from_db()
    assert (ScheduleRun.objects.count(), run.ended_at) == (1, None)
