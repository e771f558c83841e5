"""What the queue runs for the installation as a whole. Safe to run twice."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django_q.models import Task

from builds import covers
from builds.models import Build, CoverHost
from dht.models import HealthSample, Scan
from ghost.core.audit.models import AuditEvent
from ghost.core.events.models import Event
from ghost.core.http import idempotency, rate_limit
from ghost.core.jobs.models import Job
from ghost.operations import backup


def back_up() -> str:
    """Make a backup and prove it by reading it whole, where its key is at hand."""
    archive = backup.create()
    if archive.is_encrypted and settings.GHOST.age_identity_file is None:
        return f"{archive.path.name}: written; not read again, since its key is elsewhere"
    return f"{archive.path.name}: written and read again, {backup.verify(archive.path)} files"


def prune_events() -> str:
    """By the clock, every ten minutes: drop events that nobody comes back for any more."""
    return f"dropped {Event.objects.prune()} events"


def prune() -> str:
    """Drop health samples, scans, builds, ended tasks and hosts of covers older than
    GHOST_KEEP_DAYS, audit events older than GHOST_AUDIT_KEEP_DAYS, and answers kept for
    Idempotency-Keys; sweep away the files that no cover names, and have lost ones fetched again."""
    before = timezone.now() - timedelta(days=settings.GHOST.keep_days)
    samples = HealthSample.objects.prune(before)
    scans = Scan.objects.prune(before)
    builds = Build.objects.prune(before)
    tasks, _ = Task.objects.filter(stopped__lt=before).delete()
    asked = Job.objects.prune(before)
    hosts = CoverHost.objects.prune(before)
    year = timezone.now() - timedelta(days=settings.GHOST.audit_keep_days)
    events = AuditEvent.objects.prune(year)
    answers = idempotency.prune() + rate_limit.prune()
    kept = covers.tidy()
    return (
        f"dropped {samples} health samples, {scans} scans, {builds} builds, {tasks} ended tasks,"
        f" {asked} jobs, {hosts} cover hosts, {events} audit events, {answers} kept answers and"
        f" counts; swept {kept['swept']} cover files, {kept['lost']} covers were lost"
    )
