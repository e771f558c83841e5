"""Whichever process of a worker host is killed, work goes on; what it held is run again."""

from __future__ import annotations

import base64
import itertools
import json
import os
import pickle
import signal
import sqlite3
import time
from contextlib import closing

import pytest

from ghost.core.db.sqlite import waits
from tests.ghost.operations.workers.conftest import MAX_MEMORY_MB, WorkerHost, is_alive
from tests.installation import wait_for

pytestmark = pytest.mark.slow

UNDER_LOAD = ("worker", "pusher", "monitor", "guard", "watch") * 2


def test_whichever_process_is_killed_under_load_work_goes_on(host):
    before = host.stored()
    numbers = itertools.count()
    took: list[tuple[float, str]] = []
    for role in UNDER_LOAD:
        for _ in range(4):
            host.queue("mark", f"load{next(numbers)}", 0.3)
        wait_for("work", lambda: list(host.marks.glob("load*.begun")))
        host.kill(role)
        took.append((host.works_on(f"after-{role}-{len(took)}"), role))
    marks = [f"load{number}" for number in range(next(numbers))]
    wait_for("all work", lambda: all(host.runs(mark) for mark in marks))
    wait_for("all results", lambda: not host.entries())

    assert host.stored() - before == len(marks) + len(took)
    assert max(took) < (30, "")


def test_idle_workers_that_wait_for_a_task_take_no_lock_with_them(host):
    for number in range(2):
        guard = host.pid("guard")
        for pid in host.pids("worker"):
            os.kill(pid, signal.SIGKILL)

        took_s = host.works_on(f"idle{number}")

        assert (took_s < 30, host.pid("guard") == guard) == (True, False)


def test_a_task_that_kills_its_workers_is_given_up_and_its_neighbours_are_not(host):
    before = host.stored()
    host.queue("mark", "neighbour", 2)
    host.queue("die")

    wait_for("the end of both", lambda: not host.entries(), 90)

    assert host.runs("deaths") == 3
    assert host.runs("neighbour") >= 1  # again, if the result was not stored in time
    assert host.stored() == before + 1
    assert len(failures(host, "die")) == 1


def test_a_task_that_ends_with_its_time_ends_its_worker_alone(host):
    guard = host.pid("guard")
    before = set(host.pids("worker"))
    host.queue("mark", "late", 60, "timeout=1")

    wait_for("its failure", lambda: failures(host, "mark") == ["Task exceeded maximum timeout"])
    wait_for("another worker", lambda: set(host.pids("worker")) - before)
    host.works_on("after-late")
    wait_for("all results", lambda: not host.entries())

    assert (host.runs("late"), host.pid("guard")) == (0, guard)


def test_a_task_beyond_its_time_costs_its_neighbour_nothing(host):
    """It hears nothing, so its worker is killed."""
    guard = host.pid("guard")
    host.queue("hang", "timeout=1")
    host.queue("mark", "beside", 18)
    wait_for("both to begin", lambda: host.has_begun("hang") and host.has_begun("beside"))
    stuck = host.pids("worker")

    wait_for("another worker", lambda: set(host.pids("worker")) - set(stuck))
    host.works_on("meanwhile")
    before = host.runs("beside")
    wait_for("the neighbour", lambda: host.runs("beside"))

    assert (before, host.runs("beside"), host.pid("guard")) == (0, 1, guard)
    host.place.write("DELETE FROM django_q_ormq")  # its time is over an hour after it began
    host.place.write("DELETE FROM ghost_queueentry")


@pytest.mark.parametrize("who", ["the group", "every process"])
def test_a_signal_stops_it_once_running_work_has_ended(host, who):
    """As honcho and a terminal do, and as systemd does."""
    mark = f"under-way-{who.replace(' ', '-')}"
    host.queue("mark", mark, 1)
    wait_for("work", lambda: host.has_begun(mark))
    below = host.pids()
    started = time.monotonic()

    if who == "the group":
        os.killpg(host.parent, signal.SIGTERM)
    else:
        for pid in (host.parent, *below):
            os.kill(pid, signal.SIGTERM)

    program = host.place.programs.pop("worker")
    assert (program.wait(timeout=20), host.runs(mark)) == (0, 1)
    assert time.monotonic() - started < 10
    assert [pid for pid in below if is_alive(pid)] == []


@pytest.mark.parametrize("mark", ["held0", "held1"])
def test_nothing_outlives_a_killed_parent_and_the_next_one_goes_on_with_its_work(host, mark):
    host.queue("mark", mark, 1.5)
    wait_for("work", lambda: host.has_begun(mark))
    below = host.pids()

    program = host.place.programs.pop("worker")
    program.kill()
    program.wait()
    wait_for("their end", lambda: not [pid for pid in below if is_alive(pid)], 5)
    host.start()

    wait_for("the work it held", lambda: host.runs(mark), 30)


def test_a_host_shows_by_name_what_each_process_is(host: WorkerHost):
    roles = ["guard", "monitor", "pusher", "watch", "worker", "worker"]

    assert sorted(role for role in set(roles) for _ in host.pids(role)) == roles


def failures(host: WorkerHost, task: str) -> list[str]:
    """How the results of failed tasks begin."""
    sql = "SELECT result FROM django_q_task WHERE NOT success AND func LIKE ?"
    return [
        str(pickle.loads(base64.b64decode(result)))[:29]
        for (result,) in host.place.rows(sql, f"%load.{task}")
    ]


def test_a_drained_queue_stays_so_over_a_restart_and_loses_nothing(host):
    marks = host.flood("drained", 8, 0.5)
    wait_for("work", lambda: any(host.has_begun(mark) for mark in marks))

    host.pause()
    drained = json.loads(host.place.manage("queue", "drain", "--wait", "--timeout", "60"))
    begun = [mark for mark in marks if host.has_begun(mark)]
    ended = [mark for mark in marks if host.runs(mark)]
    guard = host.pid("guard")
    host.kill("guard")
    wait_for("another cluster", lambda: host.pid("pusher") and host.pid("guard") != guard)
    wait_for("its workers", lambda: len(host.pids("worker")) == 2)
    still = [mark for mark in marks if host.has_begun(mark)]
    host.place.manage("queue", "resume")
    wait_for("all work", lambda: not host.entries())

    assert (drained["is_drained"], drained["state"], drained["running"]) == (True, "drained", 0)
    assert 0 < len(begun) < len(marks)
    assert begun == ended == still
    assert [host.runs(mark) for mark in marks] == [1] * len(marks)


def test_a_worker_that_holds_too_much_is_replaced_between_two_tasks(host):
    guard = host.pid("guard")

    host.queue("fill", "large", MAX_MEMORY_MB)
    rows = wait_for(
        "its replacement",
        lambda: host.place.rows("SELECT pid, memory_mb FROM ghost_workerreplacement"),
    )
    host.works_on("replaced")

    assert isinstance(rows, list)
    [(pid, memory_mb)] = rows
    assert (host.marks / "large").read_text() == f"{pid}\n"
    assert memory_mb >= MAX_MEMORY_MB
    wait_for("its end", lambda: not is_alive(pid))
    assert host.pid("guard") == guard  # no crash
    assert "is replaced (GHOST_WORKER_MAX_MEMORY_MB=320)" in host.place.log("worker")


def test_writers_that_wait_long_are_seen_and_nobody_dies_of_it(host):
    folder = host.place.folder / waits.FOLDER
    before = host.pids()

    with closing(
        sqlite3.connect(host.place.folder / "ghost.db", isolation_level=None, timeout=20)
    ) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        wait_for("who waits", lambda: folder.is_dir() and list(folder.iterdir()))
        seen_s = time.monotonic() - began
        other.execute("ROLLBACK")
    host.works_on("unlocked")

    assert seen_s >= waits.LONG_S
    assert set(before) <= set(host.pids())
