"""The line of each task, and whose request it names."""

from __future__ import annotations

import logging

import pytest
from django_q.worker import worker as django_q_worker

from ghost.core.errors import OutageError
from ghost.core.io import failures
from ghost.core.jobs import queue
from ghost.core.jobs.entries import QueueEntry
from ghost.core.jobs.models import JobKind
from ghost.core.logs import context
from ghost.core.text.reasons import NOTHING_TO_DO
from tests.ghost.core.http.request.test_access_lines import Lines

pytestmark = pytest.mark.django_db


class OneTask:
    """A queue of django-q2's worker, which has one task in it."""

    def __init__(self, task):
        self._left = [task, "STOP"]
        self.results = []

    def get(self):
        return self._left.pop(0)

    def put(self, task):
        self.results.append(task)


@pytest.fixture(autouse=True)
def own_context(monkeypatch):
    monkeypatch.setattr(context, "_of_process", context.Context())
    context.begin_task("")


@pytest.fixture
def carry_out(monkeypatch):
    """Carry out what was queued last, as a worker does; what it logs, as it is written."""
    from multiprocessing import Value

    monkeypatch.setattr("django_q.worker.close_old_django_connections", lambda: None)
    monkeypatch.setattr("django_q.worker.post_spawn.send", lambda **_: None)
    written: list[str] = []
    handler = Lines(written)

    def run():
        root = logging.getLogger()
        before = root.level
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        try:
            tasks = OneTask(QueueEntry.objects.latest("pk").task)
            django_q_worker(tasks, tasks, Value("f", -1), 30)
        finally:
            root.removeHandler(handler)
            root.setLevel(before)
        return [line for line in written if "ghost." in line or "asked" in line]

    return run


def say_and_queue(words):
    """A task that queues another one."""
    logging.getLogger("ghost.asked").info("%s", words)
    queue.enqueue(do_nothing, kind=JobKind.OTHER)


def do_nothing():
    return NOTHING_TO_DO().plain()


def fail(words):
    raise OutageError(failures.NOT_STARTED(name="hugo", reason=words))


def test_a_task_names_the_request_that_asked_for_it_and_so_do_those_that_it_queues(carry_out):
    context.begin_request("proxy-1234")
    first = queue.enqueue(say_and_queue, "hello", kind=JobKind.OTHER)

    lines = carry_out()
    second = QueueEntry.objects.latest("pk").task_id
    lines += carry_out()[len(lines) :]

    assert all(f"[request=proxy-1234 task={first}]" in line for line in lines[:2])
    assert lines[0].endswith(" hello")
    assert f"[request=proxy-1234 task={second}] do_nothing: nothing to do" in lines[-1]
    assert "outcome=nothing" in lines[-1]


def test_a_task_that_ghost_itself_queues_names_no_request(carry_out):
    task_id = queue.enqueue(do_nothing, kind=JobKind.OTHER)

    assert f"[task={task_id}]" in carry_out()[-1]


def test_a_failure_is_one_line_with_its_traceback_and_its_duration(carry_out):
    queue.enqueue(fail, "no\nroom", kind=JobKind.OTHER)

    line = carry_out()[-1]

    assert line.count("\n") == 0
    assert " ERROR   ghost.tasks " in line
    assert "fail failed: hugo" in line
    assert "outcome=failed duration_ms=" in line
    assert "Traceback (most recent call last)" in line
