"""The steps of a job, as its queue and its worker take them."""

from __future__ import annotations

from ghost.core import process
from ghost.core.events.models import Event
from ghost.core.jobs import queue, worker
from ghost.core.jobs.models import Job, JobKind

HERE = process.name()


def ask(*subjects: str, kind: JobKind = JobKind.OTHER, **kwargs) -> Job:
    return Job.objects.get(
        pk=queue.enqueue("time.sleep", 0, kind=kind, subjects=subjects, **kwargs)
    )


def begin(job: Job) -> None:
    worker.begin({"id": job.pk})


def told() -> list[tuple]:
    """Of each event of a task: status, stage, progress."""
    data = Event.objects.filter(kind="task").values_list("data", flat=True)
    return [(d["status"], d["stage"], d["progress"]) for d in data]
