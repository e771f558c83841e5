"""Work that somebody asked for: what it is, how far it is, how it ended. The one door to the queue.

The queue (django-q2) knows a task while it waits, and its result once it has ended. A job's row is
there from the moment it is asked for, and says for whom.

A job with subjects (`resource:7`, `scan:3`) lasts until the work on each of them has ended, however
many tasks that takes and whichever worker does it: `settle` says so. Any other ends with its task.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models, transaction
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ, Task
from django_q.tasks import async_task

from ghost.core.audit import models as audit
from ghost.core.events import models as events

TOLD_EVERY_S = 1.0
MOST_RANKED = 1000
"""Further back in the queue, nobody is told a rank."""
FAILED = "The task failed; operators see why among the failed tasks."

logger = logging.getLogger(__name__)


class Kind(models.TextChoices):
    """What sort of work it is."""

    PROBE = "probe", _("probe")
    SCAN = "scan", _("health scan")
    BUILD = "build", _("build")
    COVERS = "covers", _("covers")
    DEPLOY = "deploy", _("deployment")
    OTHER = "other", _("other")


class Status(models.TextChoices):
    """How a job stands; derived, never stored."""

    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    LOST = "lost", _("lost")
    """Its worker died. The queue hands the task out again once its lease has ended."""


class JobQuerySet(models.QuerySet["Job"]):
    """Sets of jobs."""

    def open(self) -> Self:
        """Those that have not ended."""
        return self.filter(finished_at=None)

    def prune(self, before: datetime) -> int:
        """Drop those asked for before then; how many there were."""
        _count, each = self.filter(asked_at__lt=before).delete()
        return each.get("ghost.Job", 0)


class Job(models.Model):
    """One piece of work that was asked for."""

    task_id = models.CharField(max_length=40, primary_key=True)
    kind = models.CharField(max_length=10, choices=Kind)
    subjects = models.PositiveIntegerField(default=0)
    token_id = models.BigIntegerField(null=True)
    """Whose request it was; null for operators, commands and Ghost itself."""
    queue_id = models.BigIntegerField(null=True)
    """Its row in the queue, as long as that is a table of this database."""
    asked_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    worker = models.CharField(max_length=100, blank=True)
    stage = models.CharField(max_length=30, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    is_ok = models.BooleanField(null=True)
    error = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    """What the program said when the task failed: for Admins."""
    result: models.JSONField[dict[str, Any] | None] = models.JSONField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.kind} {self.task_id}"

    @property
    def status(self) -> Status:
        """How it stands, as far as its row tells."""
        if self.finished_at:
            return Status.DONE if self.is_ok else Status.FAILED
        if self.started_at is None:
            return Status.QUEUED
        return Status.LOST if self._is_lost() else Status.RUNNING

    def _is_lost(self) -> bool:
        """Whether the worker that began it can't be at it any more."""
        assert self.started_at is not None  # noqa: S101  # it began
        if self.subjects:  # others go on with it
            return False
        lease = timedelta(seconds=Conf.RETRY)
        return timezone.now() - self.started_at > lease or not _is_alive(self.worker)

    @property
    def progress(self) -> dict[str, int] | None:
        """How far its stage is; None where that can't be told."""
        return {"done": self.done, "total": self.total} if self.total else None

    def place(self) -> tuple[int | None, int]:
        """Its rank among the tasks that wait (1: the next one), and how many wait.

        No rank if a worker has taken it, or if it lies further back than MOST_RANKED.
        """
        waiting = OrmQ.objects.filter(lock__lte=timezone.now()).order_by("pk")
        keys = list(waiting.values_list("pk", flat=True)[:MOST_RANKED])
        return keys.index(self.queue_id) + 1 if self.queue_id in keys else None, len(keys)

    def tell(self) -> None:
        """Tell its owner how it stands, in the transaction that changed it."""
        told: dict[str, Any] = {"task_id": self.task_id, "kind": self.kind}
        told |= {"status": self.status} | {"stage": self.stage or None, "progress": self.progress}
        if self.finished_at:
            told |= {"error": self.error or None, "result": self.result}
        more = {"error": self.reason} if self.reason else None
        events.tell(events.Kind.TASK, told, more=more, token_id=self.token_id)

    def finish(
        self, *, is_ok: bool, result: dict[str, Any] | None, error: str = "", reason: str = ""
    ) -> None:
        """End it, once."""
        now = timezone.now()
        ended = {"is_ok": is_ok, "result": result, "error": error, "reason": reason}
        ours = Job.objects.open().filter(pk=self.pk)
        began = Coalesce("started_at", models.Value(now))
        if ours.update(started_at=began, finished_at=now, **ended):
            self.finished_at = now
            for name, value in ended.items():
                setattr(self, name, value)
            self.parts.all().delete()
            self.tell()

    def count(self, outcome: str) -> None:
        """One of its many subjects has ended so; it ends with the last one."""
        ended = (self.result or {}) | {outcome: (self.result or {}).get(outcome, 0) + 1}
        self.done, self.total, self.result = self.done + 1, self.subjects, ended
        Job.objects.filter(pk=self.pk).update(done=self.done, total=self.total, result=ended)
        if not self.parts.exists():
            self.finish(is_ok=True, result=ended)
        elif is_news(self.task_id, self.stage):
            self.tell()


class Part(models.Model):
    """A subject of a job that has not ended."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="parts")
    subject = models.CharField(max_length=40, db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.subject


# -- asking


class _Noting:
    """A broker that remembers where it put what."""

    def __init__(self) -> None:
        self._broker = get_broker()
        self.list_key = self._broker.list_key
        self.queue_id: int | None = None

    def enqueue(self, task: str) -> object:
        put = self._broker.enqueue(task)
        self.queue_id = put if Conf.ORM and isinstance(put, int) else None
        return put


_NO_BUILD_YET = {"state": "queued"} | dict.fromkeys(
    ("build_id", "stage", "progress", "started_at", "ended_at")
)


def enqueue(
    func: Callable[..., object] | str,
    *args: object,
    kind: Kind,
    subjects: Collection[str] = (),
    token_id: int | None = None,
    **kwargs: object,
) -> str:
    """Queue `func(*args, **kwargs)`, by preference in `on_commit`; its task's id.

    `token_id` is the asker's; if not given, that of the token whose request this is.
    """
    broker = _Noting()
    with transaction.atomic():
        task_id = str(async_task(func, *args, broker=broker, **kwargs))
        job = Job.objects.create(
            task_id=task_id,
            kind=kind,
            subjects=len(subjects),
            token_id=_asker() if token_id is None else token_id,
            queue_id=broker.queue_id,
        )
        Part.objects.bulk_create(Part(job=job, subject=subject) for subject in subjects)
        job.tell()
        if kind == Kind.BUILD:
            events.tell(events.Kind.BUILD, dict(_NO_BUILD_YET), is_for_all=True)
    return task_id


def again(task: Task) -> str:
    """Queue a task that failed once more, for whoever asked for it; its new id."""
    before = Job.objects.filter(pk=task.id).first()
    return enqueue(
        task.func,
        *(task.args or ()),
        kind=Kind(before.kind) if before else Kind.OTHER,
        token_id=before.token_id if before else None,
        **(task.kwargs or {}),
    )


def _asker() -> int | None:
    who = audit.actor()
    return who.key if who.kind == audit.ActorKind.TOKEN else None


# -- how it goes

_told: dict[str, tuple[str, float]] = {}
"""By subject or task: the stage that was told last, and when."""
MOST_REMEMBERED = 1000


def is_news(key: str, stage: str) -> bool:
    """Whether a stage of this task or subject is to be told: a new one, or after TOLD_EVERY_S."""
    last, at = _told.get(key, ("", 0.0))
    now = time.monotonic()
    if stage == last and now - at < TOLD_EVERY_S:
        return False
    if len(_told) >= MOST_REMEMBERED:
        _told.clear()
    _told[key] = stage, now
    return True


def take_up(subjects: Collection[str]) -> None:
    """Say that a worker has begun with these, be it for another task than theirs."""
    waiting = Job.objects.open().filter(started_at=None, parts__subject__in=subjects)
    for job in waiting.distinct():
        with transaction.atomic():
            job.started_at, job.worker = timezone.now(), here()
            job.save(update_fields=["started_at", "worker"])
            job.tell()


def settle(subject: str, outcome: str, result: dict[str, Any], *, error: str = "") -> None:
    """Say that the work on a subject has ended, in the transaction in which it did.

    A job that has no other subject ends with this result. One of many counts each `outcome`. The
    error says why nothing could be done, in words that its owner may read.
    """
    with transaction.atomic():
        for part in Part.objects.filter(subject=subject):
            job = Job.objects.select_for_update().get(pk=part.job_id)
            if not Part.objects.filter(pk=part.pk).delete()[0]:
                continue  # somebody else has told
            if job.subjects > 1:
                job.count(outcome)
            else:
                job.finish(is_ok=not error, result=result, error=error)


# -- workers


def here() -> str:
    """Which process this is: host and number."""
    return f"{socket.gethostname()[:80]}:{os.getpid()}"


def _is_alive(worker: str) -> bool:
    """Whether that process may still be there: of other hosts nobody knows."""
    host, _colon, pid = worker.rpartition(":")
    if host != socket.gethostname()[:80]:
        return True
    with suppress(PermissionError):  # it is there, and not ours
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return False
    return True
