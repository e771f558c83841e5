"""Working: what a task notes, reports and settles, and how its job ends."""

from __future__ import annotations

import pytest
from django.db import DatabaseError

from ghost.core.events.models import Event
from ghost.core.jobs import worker
from ghost.core.jobs.models import Job, JobPart, JobStatus
from ghost.core.text.reasons import words
from tests.ghost.core.jobs.steps import HERE, ask, begin, told
from tests.presence import present

pytestmark = pytest.mark.django_db


def end(job: Job, result: object = None, *, success: bool = True) -> None:
    worker.end({"id": job.pk, "result": result, "success": success})


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
