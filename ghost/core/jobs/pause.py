"""Whether the queue is paused: nothing new starts then, on any host, and what runs comes to its end.

It stands in the database, so that it holds for every host, whichever broker hands out the tasks,
and over restarts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from django.db import models, transaction
from django.utils import timezone
from django_q.brokers import get_broker

from ghost.core.audit import trail
from ghost.core.jobs.entries import QueueEntry


class QueueState(StrEnum):
    """Whether tasks are begun."""

    ACTIVE = "active"
    DRAINING = "draining"
    """It is paused, and something still runs."""
    DRAINED = "drained"
    """It is paused, and nothing runs."""


@dataclass(frozen=True)
class Drain:
    """How far the queue is with coming to rest."""

    state: QueueState
    paused_at: datetime | None
    running: int
    waiting: int

    @property
    def is_drained(self) -> bool:
        """Whether nothing runs, and nothing will before it is resumed."""
        return self.state == QueueState.DRAINED


class QueuePause(models.Model):
    """The one row that says so; without it the queue is active."""

    ONLY = 1
    paused_at = models.DateTimeField(null=True)
    """None while it is active."""

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return "queue"

    @classmethod
    def locked(cls) -> Self:
        """The row, which nobody else changes before this transaction ends: who begins a task and
        who pauses the queue come one after the other."""
        cls.objects.get_or_create(pk=cls.ONLY)
        return cls.objects.select_for_update().get(pk=cls.ONLY)

    @property
    def is_paused(self) -> bool:
        """Whether nothing may begin."""
        return self.paused_at is not None


def is_paused() -> bool:
    """Whether nothing new may start: one query, without a lock."""
    return QueuePause.objects.exclude(paused_at=None).exists()


def begin(task_id: str) -> bool:
    """Note that this worker begins a task that its cluster fetched; False if the queue is paused: the
    task waits again then, for whoever fetches it once the queue is resumed."""
    with transaction.atomic():
        ours = QueueEntry.objects.filter(task_id=task_id)
        if not QueuePause.locked().is_paused:
            ours.begin()
            return True
        ours.update(cluster="", held_at=None)
        for entry in ours:
            get_broker().give_back(entry)
    return False


def pause() -> Drain:
    """From now on no task begins anywhere, until `resume`; how far it is."""
    with transaction.atomic():
        row = QueuePause.locked()
        if not row.is_paused:
            row.paused_at = timezone.now()
            row.save()
            trail.record("queue.pause", row)
    return look()


def resume() -> Drain:
    """Let tasks begin again; how it stands."""
    with transaction.atomic():
        row = QueuePause.locked()
        if row.is_paused:
            row.paused_at = None
            row.save()
            trail.record("queue.resume", row)
    return look()


def look() -> Drain:
    """How far it is: what a worker has begun, and what waits for one."""
    row = QueuePause.objects.filter(pk=QueuePause.ONLY).first() or QueuePause()
    running = QueueEntry.objects.running().count()
    return Drain(
        state=_state(is_paused=row.is_paused, running=running),
        paused_at=row.paused_at,
        running=running,
        waiting=QueueEntry.objects.waiting().count(),
    )


def _state(*, is_paused: bool, running: int) -> QueueState:
    if not is_paused:
        return QueueState.ACTIVE
    return QueueState.DRAINING if running else QueueState.DRAINED
