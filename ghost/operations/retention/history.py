"""What workers found and did: kept for GHOST_KEEP_DAYS."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_q.models import Task

from builds.models import Build, BuildState
from dht.models import HealthSample, NodeCount, Scan
from ghost.core.catalog.models import Change
from ghost.core.circuits import Circuit
from ghost.core.jobs.models import Job
from ghost.core.text.reasons import ReasonCode
from ghost.operations.retention.bound import Bound, keep_days, of_rows
from resources.models import Resource

A_DAY = timedelta(days=1)


def _changes_of_nothing(_before: datetime) -> models.QuerySet[Change]:
    """Of resources that were deleted, once the site is made without them."""
    known = Change.objects.filter(revision__lte=BuildState.get().synced_revision)
    return known.exclude(pk__in=Resource.objects.values("pk"))


BOUNDS: tuple[Bound, ...] = (
    of_rows(
        "health-samples", ReasonCode("retention.health_samples", _("health samples")),
        lambda before: HealthSample.objects.outdated(before),
        where="dht.HealthSample", keep=keep_days, is_by_days=True,
    ),
    of_rows(
        "scans", ReasonCode("retention.scans", _("health scans")),
        lambda before: Scan.objects.outdated(before),
        where="dht.Scan", keep=keep_days, is_by_days=True,
    ),
    of_rows(
        "dht-nodes", ReasonCode("retention.dht_nodes", _("counts of DHT nodes by hosts that are gone")),
        lambda before: NodeCount.objects.filter(counted_at__lt=before),
        where="dht.NodeCount", keep=lambda: A_DAY,
    ),
    of_rows(
        "builds", ReasonCode("retention.builds", _("builds")),
        lambda before: Build.objects.outdated(before),
        where="builds.Build", keep=keep_days, is_by_days=True,
    ),
    of_rows(
        "tasks", ReasonCode("retention.tasks", _("ended tasks")),
        lambda before: Task.objects.filter(stopped__lt=before),
        where="django_q.Task", keep=keep_days, is_by_days=True,
    ),
    of_rows(
        "jobs", ReasonCode("retention.jobs", _("jobs")),
        lambda before: Job.objects.outdated(before),
        where="ghost.Job", keep=keep_days, is_by_days=True,
    ),
    of_rows(
        "circuits", ReasonCode("retention.circuits", _("circuits of what has not failed since")),
        lambda before: Circuit.objects.outdated(before),
        where="ghost.Circuit", keep=keep_days, is_by_days=True,
    ),
    of_rows(
        "changes", ReasonCode("retention.changes", _("changes of resources that are no more")),
        _changes_of_nothing, where="ghost.Change", keep=timedelta,
    ),
)  # fmt: skip
