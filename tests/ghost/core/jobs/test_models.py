"""Jobs: a row from the moment of asking to the end of the work, and what is told meanwhile."""

from __future__ import annotations

import os
import socket
import time
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone
from django_q.models import OrmQ, Task

from ghost.core.audit import actors
from ghost.core.audit.models import ActorKind
from ghost.core.events.models import Event
from ghost.core.jobs import models, queue, throttle, worker
from ghost.core.jobs.models import Job, JobKind, JobPart, JobStatus
from ghost.core.text.reasons import words
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db

HERE = f"{socket.gethostname()[:80]}:{os.getpid()}"


@pytest.fixture(autouse=True)
def nothing_told_yet():
    throttle._last.clear()
    yield
    worker._now.set(None)


def ask(*subjects: str, kind: JobKind = JobKind.OTHER, **kwargs) -> Job:
    return Job.objects.get(
        pk=queue.enqueue("time.sleep", 0, kind=kind, subjects=subjects, **kwargs)
    )


def begin(job: Job) -> None:
    worker.begin({"id": job.pk})


def end(job: Job, result: object = None, *, success: bool = True) -> None:
    worker.end({"id": job.pk, "result": result, "success": success})


def told() -> list[tuple]:
    """Of each event of a task: status, stage, progress."""
    data = Event.objects.filter(kind="task").values_list("data", flat=True)
    return [(d["status"], d["stage"], d["progress"]) for d in data]


# -- asking


def test_job_is_there_as_soon_as_its_task_is():
    job = ask(token_id=7)

    queued = OrmQ.objects.get()
    assert (queued.task["id"], queued.task["func"], queued.task["args"]) == (
        job.pk,
        "time.sleep",
        (0,),
    )
    assert (job.status, job.token_id, job.queue_id) == (JobStatus.QUEUED, 7, queued.pk)
    assert [(e.token_id, e.data["task_id"]) for e in Event.objects.all()] == [(7, job.pk)]


def test_nothing_is_queued_without_its_row(monkeypatch):
    monkeypatch.setattr(
        Job.objects, "create", lambda **_: (_ for _ in ()).throw(DatabaseError("no"))
    )

    with pytest.raises(DatabaseError):
        ask()

    assert OrmQ.objects.count() == 0


def test_asker_is_the_token_of_the_request(monkeypatch):
    token = make.publisher()
    monkeypatch.setattr(actors, "current", lambda: actors.Actor(ActorKind.TOKEN, "Ada", token.pk))
    assert ask().token_id == token.pk

    monkeypatch.setattr(actors, "current", lambda: actors.Actor(ActorKind.OPERATOR, "Eve", 3))
    assert ask().token_id is None


def test_rank_counts_those_who_wait():
    first, second, third = ask(), ask(), ask()
    OrmQ.objects.filter(pk=first.queue_id).update(lock=timezone.now() + timedelta(hours=1))

    assert [job.place() for job in (first, second, third)] == [(None, 2), (1, 2), (2, 2)]


def test_rank_takes_one_query_and_is_bounded(django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(models, "MAX_RANK", 2)
    last = [ask() for _ in range(4)][-1]

    with django_assert_num_queries(1):
        assert last.place() == (None, 2)


def test_every_token_hears_that_a_build_is_queued():
    ask(kind=JobKind.BUILD)

    build = Event.objects.get(kind="build")
    assert (build.is_for_all, build.data["state"]) == (True, "queued")


# -- working


def test_job_ends_with_its_task():
    job = ask()
    begin(job)
    running = Job.objects.get()
    end(job, "all is well")

    job = Job.objects.get()
    assert (running.status, running.worker) == (JobStatus.RUNNING, HERE)
    assert (job.status, job.result, str(job.error)) == (JobStatus.DONE, {"said": "all is well"}, "")
    assert [status for status, *_ in told()] == ["queued", "running", "done"]


def test_result_has_what_was_noted():
    job = ask()
    begin(job)
    worker.add_result(build_id=3)
    worker.add_result(state="done")
    end(job, "build 3: done")

    assert Job.objects.get().result == {"said": "build 3: done", "build_id": 3, "state": "done"}


def test_owner_does_not_read_what_the_program_said():
    job = ask(token_id=1)
    begin(job)
    end(job, "boom at /srv/x : Traceback (most recent call last):\n  File …", success=False)

    job, event = Job.objects.get(), Event.objects.last()
    assert (job.status, job.error, job.reason) == (
        JobStatus.FAILED,
        worker.FAILED(),
        "boom at /srv/x",
    )
    assert b"/srv/x" not in present(event).block(is_all=False)
    assert b"/srv/x" in present(event).block(is_all=True)


def test_time_out_ends_the_job():
    """django-q2 catches it, and tells as of any failure."""
    job = ask()
    begin(job)
    end(job, "Task exceeded maximum timeout value (3600 seconds) : Traceback …", success=False)

    assert Job.objects.get().reason == "Task exceeded maximum timeout value (3600 seconds)"


def test_job_of_a_killed_worker_is_lost_until_it_is_handed_out_again():
    job = ask()
    begin(job)
    Job.objects.update(worker=HERE.replace(str(os.getpid()), "4194303"))
    lost = Job.objects.get().status
    begin(job)

    assert (lost, Job.objects.get().status) == (JobStatus.LOST, JobStatus.RUNNING)


def test_job_of_another_host_is_lost_when_its_lease_has_ended():
    job = ask()
    begin(job)
    Job.objects.update(worker="elsewhere:1")
    before = Job.objects.get().status
    Job.objects.update(started_at=timezone.now() - timedelta(seconds=4001))

    assert (before, Job.objects.get().status) == (JobStatus.RUNNING, JobStatus.LOST)


def test_job_that_has_ended_does_not_begin_again():
    job = ask()
    begin(job)
    end(job)
    begin(job)
    end(job, "again")

    assert (Job.objects.get().status, Job.objects.get().result) == (JobStatus.DONE, None)


def test_task_without_a_job_runs_all_the_same():
    worker.begin({"id": "scheduled"})
    worker.add_result(x=1)
    worker.report("stage", 1, 2)
    worker.end({"id": "scheduled", "result": None, "success": True})

    assert (Job.objects.count(), Event.objects.count()) == (0, 0)


def test_database_trouble_keeps_no_task_from_running(monkeypatch, caplog):
    def away(*_):
        raise DatabaseError("away")

    monkeypatch.setattr(type(Job.objects.all()), "open", away)

    worker.begin({"id": "x"})
    worker.end({"id": "x", "result": None, "success": True})

    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]


def test_progress_is_told_once_a_second_and_each_stage_at_once(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    job = ask()
    begin(job)

    for now in (0.0, 0.3, 0.9, 1.2, 1.5):
        clock[0] = now
        worker.report("hugo", int(now * 10), 20)
    worker.report("check")

    assert told()[2:] == [
        ("running", "hugo", {"done": 0, "total": 20}),
        ("running", "hugo", {"done": 12, "total": 20}),
        ("running", "check", None),
    ]


# -- subjects


def test_job_with_a_subject_outlives_its_task():
    job = ask("resource:1")
    begin(job)
    end(job, "nothing was due")
    still = Job.objects.get().finished_at
    worker.settle("resource:1", "ok", {"resource_id": 1})

    job = Job.objects.get()
    assert still is None
    assert (job.status, job.result) == (JobStatus.DONE, {"resource_id": 1})
    assert JobPart.objects.count() == 0


def test_job_begins_with_its_subject_whichever_task_takes_it_up():
    job, other = ask("resource:1", "resource:2"), ask("resource:3")

    worker.start(["resource:1", "resource:2"])
    worker.start(["resource:1"])

    statuses = [Job.objects.get(pk=each.pk).status for each in (job, other)]
    assert statuses == [JobStatus.RUNNING, JobStatus.QUEUED]
    assert [status for status, *_ in told()] == ["queued", "queued", "running"]


def test_job_that_ends_unseen_has_begun_too():
    ask("resource:1")

    worker.settle("resource:1", "ok", {})

    job = Job.objects.get()
    assert job.started_at == job.finished_at is not None


def test_settling_ends_every_job_of_the_subject_and_no_other():
    ask("resource:1"), ask("resource:1"), ask("resource:2")

    worker.settle("resource:1", "unavailable", {"resource_id": 1}, error=words("No node answered."))
    worker.settle("resource:1", "ok", {"resource_id": 1})

    ended = [(job.is_ok, str(job.error)) for job in Job.objects.order_by("asked_at")]
    assert ended == [(False, "No node answered.")] * 2 + [(None, "")]


def test_job_of_many_counts_and_ends_with_the_last():
    job = ask(*(f"resource:{n}" for n in range(3)))
    begin(job)

    worker.settle("resource:0", "ok", {})
    worker.settle("resource:2", "inactive", {})
    halfway = Job.objects.get()
    worker.settle("resource:1", "ok", {})

    job = Job.objects.get()
    assert (halfway.status, halfway.progress) == (JobStatus.RUNNING, {"done": 2, "total": 3})
    assert (job.status, job.progress, job.result) == (
        JobStatus.DONE,
        {"done": 3, "total": 3},
        {"ok": 2, "inactive": 1},
    )


def test_failed_task_fails_its_job_with_a_subject_too():
    job = ask("resource:1")
    begin(job)
    end(job, "libtorrent can't be loaded : Traceback …", success=False)

    assert (Job.objects.get().status, JobPart.objects.count()) == (JobStatus.FAILED, 0)


def test_worker_knows_the_subjects_that_are_left():
    job = ask("resource:1", "resource:2")
    assert worker.open_subjects() == []
    begin(job)
    worker.settle("resource:1", "ok", {})

    assert worker.open_subjects() == ["resource:2"]


def test_subjects_are_not_lost_with_a_worker():
    job = ask("resource:1")
    begin(job)
    Job.objects.update(worker="elsewhere:1", started_at=timezone.now() - timedelta(days=1))

    assert Job.objects.get().status == JobStatus.RUNNING


def test_failed_task_is_queued_again_for_whoever_asked():
    before = ask(kind=JobKind.SCAN, token_id=5)
    task = Task(id=before.pk, func="time.sleep", args=(1,), kwargs={})

    job = Job.objects.get(pk=queue.enqueue_again(task))

    assert (job.kind, job.token_id) == (JobKind.SCAN, 5)
    assert OrmQ.objects.last().task["args"] == (1,)


def test_prune_drops_old_jobs_with_their_parts():
    old = ask("resource:1")
    Job.objects.filter(pk=old.pk).update(asked_at=timezone.now() - timedelta(days=91))
    kept = ask()

    dropped = Job.objects.prune(timezone.now() - timedelta(days=90))

    assert (dropped, JobPart.objects.count()) == (1, 0)
    assert list(Job.objects.all()) == [kept]
