"""The audit trail's table: a row for each write that a person or a script asked for, and for who
came in or was refused.

`ghost.core.audit.trail` and `ghost.core.audit.access` write it.
"""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ghost.core.db import pacing

SIGN_IN_FAILED, SIGN_IN_LIMITED = "user.sign_in_failed", "user.sign_in_limited"
UNAUTHORIZED, FORBIDDEN, LIMITED = (
    "request.unauthorized",
    "request.forbidden",
    "request.limited",
)
"""401, 403 and 429."""
SECOND_FACTOR_FAILED = "user.second_factor_failed"
REFUSALS = (SIGN_IN_FAILED, SIGN_IN_LIMITED, SECOND_FACTOR_FAILED, UNAUTHORIZED, FORBIDDEN, LIMITED)
"""Actions that did not come about: anybody can make such events (`ghost.core.audit.access`)."""
MOST_REFUSALS = 20_000
"""Of each kind so many of the newest are kept, so that none pushes another out: some 50 MB in all."""


class ActorKind(models.TextChoices):
    """What sort of actor it is."""

    TOKEN = "token", _("token")
    OPERATOR = "operator", _("operator")
    COMMAND = "command", _("command line")
    SYSTEM = "system", _("Ghost itself")
    ANONYMOUS = "anonymous", _("somebody unknown")


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    """The trail, or what matches in it."""

    def matching(self, *, since: datetime | None = None, **exact: Any) -> Self:  # noqa: ANN401  # values of fields
        """Those of these fields; None is no condition."""
        events = self.filter(at__gte=since) if since else self
        return events.filter(**{name: value for name, value in exact.items() if value is not None})

    def outdated(self, before: datetime) -> Self:
        """What is older, and refusals beyond MOST_REFUSALS of a kind."""
        beyond = [self._beyond_of(kind) for kind in REFUSALS]
        return self.filter(reduce(or_, beyond, models.Q(at__lt=before)))

    def _beyond_of(self, kind: str) -> models.Q:
        refusals = self.filter(action=kind).order_by("-pk")
        oldest = refusals.values_list("pk", flat=True)[MOST_REFUSALS : MOST_REFUSALS + 1].first()
        return models.Q(action=kind, pk__lte=oldest or 0)

    def with_old_address(self, before: datetime) -> Self:
        """What is older, and tells where the caller was."""
        return self.filter(at__lt=before).exclude(address="")

    def forget_addresses(self, before: datetime) -> int:
        """Leave out where callers were, in what is older; how many events told it."""
        return pacing.update(self.with_old_address(before), address="")


class AuditEvent(models.Model):
    """One write, or one sign-in or refusal. Names are as they were then: tokens and people may be
    gone or renamed since."""

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
    address = models.CharField(_("address"), max_length=45, blank=True)
    """From where somebody came in or was refused; of other writes it is not kept."""
    times = models.PositiveIntegerField(_("times"), default=1)
    """How often it was within a minute; more than once only for refusals."""
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
            models.Index(
                fields=["at"], condition=~models.Q(address=""), name="ghost_audit_address"
            ),
        ]

    def __str__(self) -> str:
        return self.action  # who it was is not for everybody
