"""What lies in the queue, whichever broker hands it out: one row for each task.

An entry is there from the moment its task is queued until its result is stored. It waits, then a
cluster fetches it, then one of the cluster's workers runs it. A job lasts longer, where its
subjects do; and what runs by the clock has an entry but is nobody's job.
"""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_q.models import OrmQ
from django_q.utils import get_func_repr

from ghost.core import process


class QueueEntryQuerySet(models.QuerySet["QueueEntry"]):
    """Entries of the queue."""

    def waiting(self) -> Self:
        """Those that no worker has begun, the next one first."""
        return self.filter(worker="").order_by("pk")

    def running(self) -> Self:
        """Those that a worker runs."""
        return self.exclude(worker="")

    def held(self) -> Self:
        """Those that a cluster has fetched, begun or not."""
        return self.exclude(cluster="")

    def holders(self) -> list[str]:
        """The clusters that hold any."""
        return sorted(set(self.held().values_list("cluster", flat=True)))

    def hold(self, cluster: str) -> int:
        """Note that this cluster has fetched them; how many there are."""
        return self.update(cluster=cluster, worker="", held_at=timezone.now())

    def begin(self) -> int:
        """Note that this process runs them; how many there are."""
        return self.update(worker=process.name(), begun_at=timezone.now())


class QueueEntry(models.Model):
    """A task in the queue."""

    task_id = models.CharField(_("task"), max_length=40, unique=True)
    func = models.CharField(_("function"), max_length=256)
    row = models.OneToOneField(OrmQ, models.CASCADE, null=True, related_name="entry")
    """The queue's own row, where that is a table of this database."""
    payload = models.TextField(blank=True)
    """The signed task, where the queue is elsewhere and may forget it."""
    asked_at = models.DateTimeField(_("asked for"), default=timezone.now)
    sent_at = models.DateTimeField(default=timezone.now)
    """When it was last given to the queue, at first or again."""
    cluster = models.CharField(max_length=process.MAX_CHARS, blank=True, db_index=True)
    """The guard of the cluster that has fetched it; empty while it waits."""
    held_at = models.DateTimeField(null=True)
    """When that cluster was last seen alive."""
    worker = models.CharField(_("worker process"), max_length=process.MAX_CHARS, blank=True)
    """The process that runs it; empty before."""
    begun_at = models.DateTimeField(_("begun"), null=True)
    kills = models.PositiveSmallIntegerField(_("workers that died of it"), default=0)
    """How many workers have died of it."""

    objects = QueueEntryQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        verbose_name = _("queued task")
        verbose_name_plural = _("queued tasks")

    def __str__(self) -> str:
        return f"{self.func} {self.task_id}"

    @classmethod
    def of(cls, task: dict[str, Any], **values: Any) -> QueueEntry:  # noqa: ANN401  # columns
        """A new entry for this task, as django-q2 packs it."""
        func = get_func_repr(task.get("func")) or ""
        return cls.objects.create(task_id=task["id"], func=func[:256], **values)

    @property
    def task(self) -> dict[str, Any]:
        """The task as django-q2 packed it: id, name, func, args, kwargs and options; its id alone
        if its signature is wrong."""
        return dict((self.row or OrmQ(payload=self.payload)).task)
