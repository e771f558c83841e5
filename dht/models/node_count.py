"""How many DHT nodes answer, as the workers of each host saw it last."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ghost.core.db.fields import ReasonField
from ghost.core.heartbeats.models import HOST_CHARS, host_name
from ghost.core.text.reasons import NONE, Reason

FORGOTTEN_AFTER = timedelta(days=1)
"""Of hosts that are gone, once another one comes."""


class NodeCountQuerySet(models.QuerySet["NodeCount"]):
    """Counts, of which each host has one."""

    def here(self) -> Self:
        """That of this host."""
        return self.filter(host=host_name())

    def note(self, nodes: int, error: Reason = NONE) -> None:
        """That so many nodes answer this host now, and why none does."""
        now, before = timezone.now(), self.here().first()
        lost_at = (before.without_since if before else None) or now
        self.update_or_create(
            {"nodes": nodes, "error": error, "counted_at": now,
             "without_since": None if nodes else lost_at},
            host=host_name(),
        )  # fmt: skip
        if before is None:
            self.filter(counted_at__lt=now - FORGOTTEN_AFTER).delete()


class NodeCount(models.Model):
    """The count of one host."""

    host = models.CharField(_("host"), max_length=HOST_CHARS, unique=True)
    nodes = models.PositiveIntegerField(_("DHT nodes"), default=0)
    counted_at = models.DateTimeField(_("counted"), default=timezone.now)
    without_since = models.DateTimeField(null=True)
    """Since when none has answered; null while some do."""
    error = ReasonField(_("error"))

    objects = NodeCountQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.host}: {self.nodes}"
