"""The one entry point to the queue: `enqueue` puts a task in, with its job."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

from django.db import transaction
from django_q.models import Task
from django_q.tasks import async_task

from ghost.core.audit import actors
from ghost.core.audit.models import ActorKind
from ghost.core.events import outbox
from ghost.core.events.models import EventKind
from ghost.core.jobs.entries import QueueEntry
from ghost.core.jobs.models import Job, JobKind, JobPart

_NO_BUILD_YET = {"state": "queued"} | dict.fromkeys(
    ("build_id", "stage", "progress", "started_at", "ended_at")
)


def enqueue(
    task: Callable[..., object] | str,
    *args: object,
    kind: JobKind,
    subjects: Collection[str] = (),
    token_id: int | None = None,
    **kwargs: object,
) -> str:
    """Queue `task(*args, **kwargs)`, by preference in `on_commit`; the id by which its job is known.

    A task of a higher room is given by its `TaskName`. `token_id` is the asker's; if not given, that of the token whose request this is.
    """
    with transaction.atomic():
        func = task if callable(task) else str(task)  # the queue stores plain text
        task_id = str(async_task(func, *args, **kwargs))
        job = Job.objects.create(
            task_id=task_id,
            kind=kind,
            subjects=len(subjects),
            token_id=_asker() if token_id is None else token_id,
        )
        JobPart.objects.bulk_create(JobPart(job=job, subject=subject) for subject in subjects)
        job.tell()
        if kind == JobKind.BUILD:
            outbox.add(EventKind.BUILD, dict(_NO_BUILD_YET), is_for_all=True)
    return task_id


def is_waiting(task: Callable[..., object]) -> bool:
    """Whether one of these lies in the queue that no worker has begun: another one would do nothing more."""
    name = f"{task.__module__}.{task.__name__}"
    return QueueEntry.objects.waiting().filter(func=name).exists()


def retry(failed: Sequence[Task]) -> None:
    """Take these out of the failed tasks; after the commit each is queued once more."""
    with transaction.atomic():
        for task in failed:
            transaction.on_commit(partial(enqueue_again, task))
        Task.objects.filter(pk__in=[task.pk for task in failed]).delete()


def enqueue_again(task: Task) -> str:
    """Queue a task that failed once more, for whoever asked for it; its new id."""
    before = Job.objects.filter(pk=task.id).first()
    return enqueue(
        task.func,
        *(task.args or ()),
        kind=JobKind(before.kind) if before else JobKind.OTHER,
        token_id=before.token_id if before else None,
        **(task.kwargs or {}),
    )


def _asker() -> int | None:
    who = actors.current()
    return who.key if who.kind == ActorKind.TOKEN else None
