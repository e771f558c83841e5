"""What a worker says of the job that it carries out (`ghost.core.jobs`).

The queue's hooks tell when a task begins and ends, also by its time-out; the work itself how far
it is. Where the task is nobody's job, nothing is said.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ghost.core import process
from ghost.core.jobs import throttle
from ghost.core.jobs.entries import QueueEntry
from ghost.core.jobs.models import Job, JobPart
from ghost.core.text.reasons import NONE, Reason, ReasonCode

REASON_CHARS = 500
FAILED = ReasonCode("jobs.failed", _("The task failed; operators see why among the failed tasks."))
WORKER_DIED = ReasonCode(
    "jobs.worker_died", _("The task was given up: %(count)s worker processes died while it ran.")
)
OVERDUE = ReasonCode(
    "jobs.overdue", _("The task did not end in its time, and its worker process was killed.")
)
REDIS_AWAY = ReasonCode("jobs.redis_away", _("Redis at %(address)s does not answer: %(why)s."))

logger = logging.getLogger(__name__)


@dataclass
class _Now:
    """The task that this worker carries out."""

    task_id: str
    facts: dict[str, Any] = field(default_factory=dict)


_now: ContextVar[_Now | None] = ContextVar("task", default=None)


def begin(task: dict[str, Any], **_: object) -> None:
    """For the queue: a worker begins this task. It must not be kept from it by our rows."""
    _now.set(_Now(task["id"]))
    try:
        with transaction.atomic():
            QueueEntry.objects.filter(task_id=task["id"]).begin()
            ours = Job.objects.open().filter(pk=task["id"])
            if ours.update(started_at=timezone.now(), worker=process.name()):
                ours.get().tell()
    except DatabaseError:
        logger.warning("the beginning of a task could not be written down", exc_info=True)


def end(task: dict[str, Any], **_: object) -> None:
    """For the queue: a worker has ended this task, or was made to by its time-out."""
    now, facts = _now.get(), dict[str, Any]()
    if now is not None and now.task_id == task["id"]:
        facts = now.facts
    _now.set(None)
    try:
        with transaction.atomic():
            job = Job.objects.open().filter(pk=task["id"]).first()
            if job is not None:
                _end(job, task, facts)
    except DatabaseError:
        logger.warning("the end of a task could not be written down", exc_info=True)


def _end(job: Job, task: dict[str, Any], facts: dict[str, Any]) -> None:
    result = task.get("result")
    if not task.get("success"):
        reason = str(result).partition(" : Traceback")[0].strip()[:REASON_CHARS]
        job.finish(is_ok=False, result=facts or None, error=FAILED(), reason=reason)
    elif not job.subjects:
        job.finish(is_ok=True, result=(_said(result) | facts) or None)


def _said(result: object) -> dict[str, Any]:
    """What a task returned: a plain reason, a list of them, or another's words."""
    if not result:
        return {}
    return {"said": result if isinstance(result, dict | list) else str(result)}


def add_result(**facts: Any) -> None:  # noqa: ANN401  # plain values
    """What the result of the task under way, if any, has to say besides."""
    now = _now.get()
    if now is not None:
        now.facts |= facts


def open_subjects() -> list[str]:
    """Of the job under way, if any: those that have not ended."""
    now = _now.get()
    left = JobPart.objects.filter(job=now.task_id) if now else JobPart.objects.none()
    return list(left.values_list("subject", flat=True))


def report(stage: str, done: int = 0, total: int = 0, *, subject: str = "") -> None:
    """Say how far the job under way is, if any, or those that have this subject alone.

    Each new stage is written down, and how far it is every `throttle.INTERVAL_S`.
    """
    now = _now.get()
    key = subject or (now.task_id if now else "")
    if not key or not throttle.is_due(key, stage):
        return
    waiting = Job.objects.open()
    if subject:
        waiting = waiting.filter(subjects=1, parts__subject=subject)
    else:
        waiting = waiting.filter(pk=key)
    with transaction.atomic():
        for job in waiting:
            job.stage, job.done, job.total = stage[:30], done, total
            job.save(update_fields=["stage", "done", "total"])
            job.tell()


def start(subjects: Collection[str]) -> None:
    """Say that a worker has begun with these, be it for another task than theirs."""
    waiting = Job.objects.open().filter(started_at=None, parts__subject__in=subjects)
    for job in waiting.distinct():
        with transaction.atomic():
            job.started_at, job.worker = timezone.now(), process.name()
            job.save(update_fields=["started_at", "worker"])
            job.tell()


def settle(subject: str, outcome: str, result: dict[str, Any], *, error: Reason = NONE) -> None:
    """Say that the work on a subject has ended, in the transaction in which it did.

    A job that has no other subject ends with this result. One of many counts each `outcome`. The
    error says why nothing could be done; its owner reads it.
    """
    with transaction.atomic():
        for part in JobPart.objects.filter(subject=subject):
            job = Job.objects.select_for_update().get(pk=part.job_id)
            if not JobPart.objects.filter(pk=part.pk).delete()[0]:
                continue  # somebody else has told
            if job.subjects > 1:
                job.count(outcome)
            else:
                job.finish(is_ok=not error, result=result, error=error)
