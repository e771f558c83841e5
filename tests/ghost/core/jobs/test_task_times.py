"""Tasks that ended, by function and result."""

from __future__ import annotations

import pytest

from ghost.core.jobs import task_times
from ghost.core.measurements import counters, slowest
from ghost.core.measurements.slowest import SlowKind


@pytest.fixture(autouse=True)
def nothing_counted(monkeypatch):
    monkeypatch.setitem(slowest.SLOW_S, SlowKind.TASK, 0.0)
    counters.pending.take(), slowest.pending.take()


def test_a_task_is_counted_and_timed():
    task = {"id": "abc", "func": "dht.tasks.run_probes", "success": True}

    task_times.begin()
    task_times.end(task)

    counted = counters.pending.take()
    assert counted["ghost_tasks", ("dht.tasks.run_probes", "ok"), ""] == 1
    assert counted["ghost_task_duration_seconds", ("dht.tasks.run_probes",), "+Inf"] == 1
    ((key, calls),) = slowest.pending.take().items()
    assert (key[1], calls.where) == ("dht.tasks.run_probes", "abc")


def test_one_that_failed_is_counted_as_such():
    task_times.begin()
    task_times.end({"id": "abc", "func": test_a_task_is_counted_and_timed, "success": False})

    names = [labels for name, labels, _part in counters.pending.take() if name == "ghost_tasks"]
    assert [(name.endswith("test_a_task_is_counted_and_timed"), how) for name, how in names] == [
        (True, "failed")
    ]


def test_the_end_of_a_task_whose_beginning_was_not_seen_has_no_time():
    task_times.end({"id": "abc", "func": "x.y", "success": True})

    assert ("ghost_task_duration_seconds", ("x.y",), "+Inf") not in counters.pending.take()
