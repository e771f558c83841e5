"""Asking: a job is there as soon as its task is, and knows who asked."""

from __future__ import annotations

import pytest
from django.db import DatabaseError
from django_q.models import OrmQ, Task

from ghost.core.audit import actors
from ghost.core.audit.models import ActorKind
from ghost.core.events.models import Event
from ghost.core.jobs import queue
from ghost.core.jobs.models import Job, JobKind, JobStatus
from tests import make
from tests.ghost.core.jobs.steps import ask

pytestmark = pytest.mark.django_db


def test_job_is_there_as_soon_as_its_task_is():
    job = ask(token_id=7)

    queued = OrmQ.objects.get()
    assert (queued.task["id"], queued.task["func"], queued.task["args"]) == (
        job.pk,
        "time.sleep",
        (0,),
    )
    assert (job.status, job.token_id, queued.entry.task_id) == (JobStatus.QUEUED, 7, job.pk)
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


def test_every_token_hears_that_a_build_is_queued():
    ask(kind=JobKind.BUILD)

    build = Event.objects.get(kind="build")
    assert (build.is_for_all, build.data["state"]) == (True, "queued")


def test_failed_task_is_queued_again_for_whoever_asked():
    before = ask(kind=JobKind.SCAN, token_id=5)
    task = Task(id=before.pk, func="time.sleep", args=(1,), kwargs={})

    job = Job.objects.get(pk=queue.enqueue_again(task))

    assert (job.kind, job.token_id) == (JobKind.SCAN, 5)
    assert OrmQ.objects.last().task["args"] == (1,)
