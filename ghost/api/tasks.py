"""`GET /api/tasks/{id}`: how the work stands that somebody asked for."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import P, PathEx, Router
from pydantic import StringConstraints

from dht import probe_jobs
from ghost.core.errors import ForbiddenError
from ghost.core.http.schema.schemas import NO_NUL, Documented, Moment
from ghost.core.jobs.models import Job, JobKind, JobStatus
from ghost.core.text.reasons import put_into_words
from teams.auth import Bearer, TokenRequest
from teams.models import Token
from teams.policy import Action

router = Router(tags=["tasks"])

TaskId = PathEx[
    Annotated[str, StringConstraints(max_length=40, pattern=NO_NUL)],
    P(description="The `task_id` from an answer.", example="b1946ac92492d234"),
]


class TaskProgress(Documented):
    """How far a task is. What it counts depends on the task: resources, pages or files."""

    done: int
    """Number that is done."""
    total: int
    """Number that there is to do."""

    example: ClassVar = {"done": 400, "total": 1000}


class TaskOut(Documented):
    """A task, from the moment it was asked for."""

    task_id: str
    """Identifies the task."""
    kind: JobKind
    """What sort of work the task does."""
    status: JobStatus
    """How it stands. `lost`: its worker died; the queue hands the task out again within a
    minute."""
    stage: str | None
    """The stage that it is at, if it has stages."""
    progress: TaskProgress | None
    """How far it is; null where that is not known."""
    queue_rank: int | None
    """Its place in the queue: 1 is the next one. Null once a worker runs it, and beyond place 1,000."""
    queue_total: int | None
    """Number of tasks that wait, counted up to 1,000; null once a worker runs it."""
    asked_at: Moment
    """When it was asked for."""
    started_at: Moment | None
    """When a worker started it; null before."""
    finished_at: Moment | None
    """When it ended; null before."""
    error: str | None
    """Why it failed; null if it did not."""
    result: dict[str, Any] | None
    """What came of it; null before it ended. Of a probe: `resource_id`, `probe_status`, `probe_error`,
    `dht_status` and `state`. Of several probes: how many ended with which status. Of a scan: its
    counts. Of a build: `build_id`, `state` and what it `said`."""

    example: ClassVar = {
        "task_id": "b1946ac92492d234",
        "kind": "probe",
        "status": "done",
        "stage": None,
        "progress": TaskProgress.example,
        "queue_rank": 1,
        "queue_total": 3,
        "asked_at": "2026-01-31T10:00:00+00:00",
        "started_at": "2026-01-31T10:00:01+00:00",
        "finished_at": "2026-01-31T10:00:04+00:00",
        "error": None,
        "result": {"ok": 990, "inactive": 10},
    }


@router.get(
    "/tasks/{task_id}",
    auth=Bearer(Action.TASK_READ),
    response={200: TaskOut},
    operation_id="task_read",
    summary="Get the progress of a task",
)
def read_task(request: TokenRequest, task_id: TaskId) -> TaskOut:
    """Get how far a task is, and its result once it has ended. Only who asked for the task and Admins
    may.
    """
    job = get_object_or_404(Job, pk=task_id)
    _require_owner(job, request.auth)
    return _shown(_up_to_date(job), is_admin=request.auth.is_admin)


def _require_owner(job: Job, token: Token) -> None:
    if not token.is_admin and job.token_id != token.pk:
        raise ForbiddenError(_("This task is not yours."))


def _up_to_date(job: Job) -> Job:
    """The job, once those of its subjects have been looked after whose end nobody told."""
    if job.finished_at is None and job.subjects:
        probe_jobs.look_after(_left(job))
        job.refresh_from_db()
    return job


def _left(job: Job) -> list[str]:
    return list(job.parts.values_list("subject", flat=True))


def _status(job: Job) -> JobStatus:
    if job.finished_at is None and job.subjects:
        return JobStatus.RUNNING if probe_jobs.is_under_way(_left(job)) else JobStatus.QUEUED
    return job.status


def _shown(job: Job, *, is_admin: bool) -> TaskOut:
    status = _status(job)
    rank, total = job.place() if status == JobStatus.QUEUED else (None, None)
    error = (is_admin and job.reason) or str(job.error)
    return TaskOut(
        task_id=job.task_id,
        kind=JobKind(job.kind),
        status=status,
        stage=job.stage or None,
        progress=TaskProgress(**job.progress) if job.progress else None,
        queue_rank=rank,
        queue_total=total,
        asked_at=job.asked_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        error=error or None,
        result=put_into_words(job.result) if job.finished_at or job.subjects > 1 else None,
    )
