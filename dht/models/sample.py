"""What look-ups found, kept for a bounded time."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dht.models.scan import Scan
from resources.models import DhtStatus, Resource


class Method(models.TextChoices):
    """What the outcome was drawn from: the strongest sign of life, or what was asked in vain."""

    DHT = "dht", _("DHT")
    TRACKER = "tracker", _("tracker")
    WEB_SEED = "web-seed", _("web seed")
    METADATA = "metadata", _("metadata")


class HealthSampleQuerySet(models.QuerySet["HealthSample"]):
    """What look-ups found, for charts and the admin."""

    def changes(self) -> Self:
        """Those that gave a resource another status."""
        return self.exclude(was=F("status"))

    def outdated(self, before: datetime) -> Self:
        """Samples taken before then."""
        return self.filter(checked_at__lt=before)

    def keep(self, sample: HealthSample) -> None:
        """Store it, if its resource is still there."""
        with transaction.atomic():
            if Resource.objects.select_for_update().filter(pk=sample.resource_id).exists():
                sample.save()


class HealthSample(models.Model):
    """The outcome of one look-up of one resource."""

    resource = models.ForeignKey(
        Resource, models.CASCADE, related_name="health_samples", verbose_name=_("resource")
    )
    scan = models.ForeignKey(
        Scan,
        models.SET_NULL,
        null=True,
        related_name="samples",
        verbose_name=_("scan"),
    )
    checked_at = models.DateTimeField(_("checked"), default=timezone.now, db_index=True)
    method = models.CharField(_("evidence"), max_length=16, choices=Method)
    status = models.CharField(_("health"), max_length=8, choices=DhtStatus)
    was = models.CharField(_("before"), max_length=8, choices=DhtStatus, default=DhtStatus.UNKNOWN)
    num_nodes = models.PositiveIntegerField(_("nodes that know peers"), default=0)
    num_peers = models.PositiveIntegerField(_("peers"), default=0)
    num_seeds = models.PositiveIntegerField(
        _("seeds"), null=True, help_text=_("As reported by a tracker; empty if none reported it.")
    )

    objects = HealthSampleQuerySet.as_manager()

    class Meta:
        ordering = ["-checked_at", "-id"]
        verbose_name = _("health sample")
        verbose_name_plural = _("health samples")
        indexes = [
            models.Index(
                fields=["scan"], name="dht_changes_of_scan", condition=~Q(was=F("status"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id}: {self.status}"
