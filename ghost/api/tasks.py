"""`GET /api/tasks/{id}`: how the work stands that somebody asked for."""

from __future__ import annotations

from typing import Annotated, Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Path, Router
from pydantic import BaseModel, Field, StringConstraints

from dht import probe_jobs
from ghost.core.errors import ForbiddenError
from ghost.core.http.schemas import NO_NUL, Moment, problems
from ghost.core.jobs.models import Job, JobKind, JobStatus
from ghost.core.text import reasons
from teams.auth import Bearer, TokenRequest
from teams.models import Token
from teams.policy import Action

router = Router(tags=["tasks"])

TaskId = Annotated[str, StringConstraints(max_length=40, pattern=NO_NUL)]


class TaskProgress(BaseModel):
    """How far a stage is."""

    done: int
    total: int


class TaskOut(BaseModel):
    """A task, from the moment it was asked for."""

    task_id: str
    kind: JobKind
    status: JobStatus = Field(
        description="`lost`: its worker died; the queue hands it out again within 70 minutes."
    )
    stage: str | None
    progress: TaskProgress | None = Field(description="null where it can't be told.")
    queue_rank: int | None = Field(
        description="1: the next one; null once a worker has it, or beyond rank 1,000."
    )
    queue_total: int | None = Field(description="Tasks that wait, counted up to 1,000.")
    asked_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    error: str | None
    result: dict[str, Any] | None = Field(
        description="Of a probe `resource_id`, `probe_status`, `probe_error`, `dht_status` and"
        " `state`; of several, how many ended with which status; of a scan its counts; of a build"
        " `build_id`, `state`, and what it `said`."
    )


@router.get(
    "/tasks/{task_id}",
    auth=Bearer(Action.TASK_READ),
    response={200: TaskOut, **problems(404, 422)},
    operation_id="task_read",
    summary="Get the progress of a task",
)
def read_task(request: TokenRequest, task_id: Path[TaskId]) -> TaskOut:
    """For whoever asked for it, and for Admins."""
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
    error = (is_admin and job.reason) or reasons.again(job.error)
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
        result=job.result if job.finished_at or job.subjects > 1 else None,
    )
