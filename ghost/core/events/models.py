"""What happened, for those who listen: `GET /api/events` reads it out to each as far as it may.

`ghost.core.events.outbox` writes the rows. They are kept for GHOST_EVENTS_KEEP_HR, so that a
listener who was cut off misses nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class EventKind(models.TextChoices):
    """What an event is about."""

    TASK = "task", _("task")
    BUILD = "build", _("build")
    HEALTH = "health", _("health")
    RESOURCE = "resource", _("resource")
    ON_SITE = "resource.on_site", _("on the site")
    CIRCUIT = "circuit", _("circuit")

    @classmethod
    def within(cls, wanted: Iterable[str]) -> frozenset[str]:
        """Those that a listener means by these: `resource` is all that becomes of one."""
        parts = [(kind, kind.partition(".")[0]) for kind in cls.values]
        return frozenset(kind for kind, whole in parts if {kind, whole} & {*wanted})


@dataclass(frozen=True)
class Scope:
    """What one listener may see: all, or what is for everybody, its own, and its teams'."""

    is_all: bool = False
    token_id: int | None = None
    teams: frozenset[int] = frozenset()

    def sees(self, event: Event) -> bool:
        """Whether this one is for it (`EventQuerySet.seen_by` for a set)."""
        if self.is_all or event.is_for_all:
            return True
        is_own = event.token_id is not None and event.token_id == self.token_id
        return is_own or event.team_id in self.teams


class EventQuerySet(models.QuerySet["Event"]):
    """Events that are kept for listeners who reconnect."""

    def seen_by(self, scope: Scope) -> Self:
        """Those that this listener may see."""
        if scope.is_all:
            return self
        own = models.Q(is_for_all=True) | models.Q(team_id__in=scope.teams)
        return self.filter(own | models.Q(token_id=scope.token_id, token_id__isnull=False))

    def newest_id(self) -> int:
        """Of the event that was told last; 0 before the first one."""
        return self.aggregate(id=models.Max("id"))["id"] or 0

    def outdated(self, before: datetime) -> Self:
        """Those told before then, or beyond GHOST_EVENTS_KEEP.

        The newest one is never among them, so that it is known later how far things had come.
        """
        newest = self.newest_id()
        is_old = models.Q(at__lt=before) | models.Q(id__lte=newest - settings.GHOST.events_keep)
        return self.filter(is_old, id__lt=newest)


class Event(models.Model):
    """One thing that happened, and who may hear of it besides Admins.

    Its id says in which order events were told, not in which order they could be seen: on
    PostgreSQL a transaction may end after one that began later.
    """

    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=20, choices=EventKind)
    data: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    more: models.JSONField[dict[str, Any] | None] = models.JSONField(null=True)
    """What Admins see besides."""
    is_for_all = models.BooleanField(default=False)
    token_id = models.BigIntegerField(null=True)
    team_id = models.BigIntegerField(null=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def block(self, *, is_all: bool) -> bytes:
        """Its lines in a stream but for the `id:` (WHATWG HTML, server-sent events)."""
        told = {"event_id": self.pk, "at": self.at.isoformat()} | self.data
        if is_all and self.more:
            told |= self.more
        data = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        return f"event: {self.kind}\ndata: {data}\n\n".encode()
