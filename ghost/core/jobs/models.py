"""Work that somebody asked for: what it is, how far it is, how it ended.

The queue (django-q2) knows a task while it waits, and its result once it has ended. A job's row is
there from the moment it is asked for, and says for whom.

A job with subjects (`resource:7`, `scan:3`) lasts until the work on each of them has ended, however
many tasks that takes and whichever worker does it: `worker.settle` says so. Any other ends with its
task.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_q.conf import Conf

from ghost.core import process
from ghost.core.db.fields import ReasonField
from ghost.core.events import outbox
from ghost.core.events.models import EventKind
from ghost.core.jobs import throttle
from ghost.core.jobs.entries import QueueEntry
from ghost.core.text.reasons import NONE, Reason, put_into_words

MAX_RANK = 1000
"""Further back in the queue, nobody is told a rank."""


class JobKind(models.TextChoices):
    """What sort of work it is."""

    PROBE = "probe", _("probe")
    SCAN = "scan", _("health scan")
    BUILD = "build", _("build")
    COVERS = "covers", _("covers")
    DEPLOY = "deploy", _("deployment")
    BACKUP = "backup", _("backup")
    FOLDS = "folds", _("texts to compare by")
    OTHER = "other", _("other")


class JobStatus(models.TextChoices):
    """How a job stands; derived, never stored."""

    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    LOST = "lost", _("lost")
    """Its worker died. The queue hands the task out again within a minute."""


class JobQuerySet(models.QuerySet["Job"]):
    """Jobs: those under way, and those that have ended and are kept for a while."""

    def open(self) -> Self:
        """Those that have not ended."""
        return self.filter(finished_at=None)

    def wait_again(self) -> None:
        """Begin anew with those that end with their task: its worker died."""
        for job in self.filter(subjects=0).exclude(started_at=None):
            job.started_at, job.worker, job.stage, job.done, job.total = None, "", "", 0, 0
            job.save(update_fields=["started_at", "worker", "stage", "done", "total"])
            job.tell()

    def outdated(self, before: datetime) -> Self:
        """Those asked for before then."""
        return self.filter(asked_at__lt=before)


class Job(models.Model):
    """One piece of work that was asked for."""

    task_id = models.CharField(max_length=40, primary_key=True)
    kind = models.CharField(max_length=10, choices=JobKind)
    subjects = models.PositiveIntegerField(default=0)
    token_id = models.BigIntegerField(null=True)
    """Whose request it was; null for operators, commands and Ghost itself."""
    asked_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    worker = models.CharField(max_length=process.MAX_CHARS, blank=True)
    """The process that began it last."""
    stage = models.CharField(max_length=30, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    is_ok = models.BooleanField(null=True)
    error = ReasonField()
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
    def status(self) -> JobStatus:
        """How it stands, as far as its row tells."""
        if self.finished_at:
            return JobStatus.DONE if self.is_ok else JobStatus.FAILED
        if self.started_at is None:
            return JobStatus.QUEUED
        return JobStatus.LOST if self._is_lost() else JobStatus.RUNNING

    def _is_lost(self) -> bool:
        """Whether the worker that began it can't be at it any more."""
        assert self.started_at is not None  # noqa: S101  # it began
        if self.subjects:  # others go on with it
            return False
        lease = timedelta(seconds=Conf.RETRY)
        is_over = timezone.now() - self.started_at > lease
        return is_over or process.is_alive(self.worker) is False

    @property
    def progress(self) -> dict[str, int] | None:
        """How far its stage is; None where that can't be told."""
        return {"done": self.done, "total": self.total} if self.total else None

    def place(self) -> tuple[int | None, int]:
        """Its rank among the tasks that wait (1: the next one), and how many wait,
        MAX_RANK at most.

        No rank if a worker has begun it, or if it lies further back than MAX_RANK.
        """
        waiting = list(QueueEntry.objects.waiting().values_list("task_id", flat=True)[:MAX_RANK])
        return waiting.index(self.pk) + 1 if self.pk in waiting else None, len(waiting)

    def tell(self) -> None:
        """Tell its owner how it stands, in the transaction that changed it."""
        told: dict[str, Any] = {"task_id": self.task_id, "kind": self.kind}
        told |= {"status": self.status} | {"stage": self.stage or None, "progress": self.progress}
        if self.finished_at:
            in_english = put_into_words(self.result, lambda reason: reason.english)
            told |= {"error": self.error.english or None, "result": in_english}
        more = {"error": self.reason} if self.reason else None
        outbox.add(EventKind.TASK, told, more=more, token_id=self.token_id)

    def finish(
        self, *, is_ok: bool, result: dict[str, Any] | None, error: Reason = NONE, reason: str = ""
    ) -> None:
        """End it and tell listeners, unless it has ended already."""
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
        elif throttle.is_due(self.task_id, self.stage):
            self.tell()


class JobPart(models.Model):
    """A subject of a job that has not ended."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="parts")
    subject = models.CharField(max_length=40, db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.subject
