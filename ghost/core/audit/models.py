"""The audit trail's table: a row for each write that a person or a script asked for.

`ghost.core.audit.trail` writes it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ghost.core.db import pacing


class ActorKind(models.TextChoices):
    """What sort of actor it is."""

    TOKEN = "token", _("token")
    OPERATOR = "operator", _("operator")
    COMMAND = "command", _("command line")
    SYSTEM = "system", _("Ghost itself")


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    """The trail, or what matches in it."""

    def matching(self, *, since: datetime | None = None, **exact: Any) -> Self:  # noqa: ANN401  # values of fields
        """Those of these fields; None is no condition."""
        events = self.filter(at__gte=since) if since else self
        return events.filter(**{name: value for name, value in exact.items() if value is not None})

    def prune(self, before: datetime) -> int:
        """Drop what is older; how many there were."""
        return pacing.delete(self.filter(at__lt=before))


class AuditEvent(models.Model):
    """One write. Names are as they were then: tokens and people may be gone or renamed since."""

    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    actor_kind = models.CharField(_("kind of actor"), max_length=10, choices=ActorKind)
    actor_name = models.CharField(_("who"), max_length=150, blank=True)
    actor_key = models.BigIntegerField(null=True)
    action = models.CharField(_("what"), max_length=60)
    object_type = models.CharField(_("kind of object"), max_length=30)
    object_key = models.CharField(_("key"), max_length=64)
    object_name = models.CharField(_("object"), max_length=300, blank=True)
    changes = models.JSONField(_("changes"), default=dict)
    """`{field: [before, after]}`, never a secret."""
    request_id = models.CharField(_("request"), max_length=64)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("audit event")
        verbose_name_plural = _("audit trail")
        indexes = [
            models.Index(fields=["object_type", "object_key"], name="ghost_audit_object"),
            models.Index(fields=["actor_kind", "actor_key"], name="ghost_audit_actor"),
            models.Index(fields=["action"], name="ghost_audit_action"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name or self.get_actor_kind_display()}: {self.action}"
