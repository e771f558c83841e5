"""What the queue runs for the installation as a whole. Safe to run twice."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.utils import timezone
from django_q.models import Task

from builds import covers
from builds.models import Build
from dht.models import HealthSample, Scan
from ghost.accounts.links import first_operator, reset_links
from ghost.core.audit.models import AuditEvent
from ghost.core.circuits import Circuit
from ghost.core.db import pacing
from ghost.core.errors import GhostError
from ghost.core.events.models import Event
from ghost.core.http import idempotency, rate_limit
from ghost.core.jobs.models import Job
from ghost.core.text.reasons import Plain
from ghost.operations import reasons
from ghost.operations.backups import Kind, register
from resources.models import findings
from teams.models import Attempt
from teams.models.sign_in_attempt import WINDOW


def back_up(kind: str = Kind.FULL) -> Plain:
    """Make a backup, read it whole where its key is at hand, and bring it to the second place."""
    made = register.create(Kind(kind))
    name = made.path.name
    told = reasons.BACKUP_WRITTEN(name=name)
    if register.is_readable(made):
        told = reasons.BACKUP_PROVEN(name=name, number=register.read_whole(made))
    with suppress(GhostError):  # noted with the backup, and tried again by `copy_backups`
        register.copy_due()
    return told.plain()


def prove_backup(name: str = "") -> Plain:
    """By the clock: restore a backup to where it goes away and count; the newest if none is named."""
    if name:
        return register.prove(settings.GHOST.backup_dir / name).told().plain()
    return register.prove_newest().plain()


def copy_backups() -> Plain:
    """By the clock: bring to the second place what does not lie there yet."""
    return register.copy_due().plain()


def prune_events() -> Plain:
    """By the clock, every ten minutes: drop events that nobody comes back for any more."""
    return reasons.EVENTS_DROPPED(number=Event.objects.prune()).plain()


def drop_ended_sessions() -> Plain:
    """By the clock, every hour: drop sessions that ended (Django's `clearsessions`), and attempts
    to sign in and links that count no more."""
    now = timezone.now()
    first_operator.prune()
    reset_links.prune()
    sessions = pacing.delete(Session.objects.filter(expire_date__lte=now))
    pacing.delete(UserSession.objects.exclude(session_key__in=Session.objects.values("pk")))
    return reasons.SESSIONS_DROPPED(
        number=sessions, attempts=pacing.delete(Attempt.objects.filter(at__lte=now - WINDOW))
    ).plain()


def _drop_history(before: datetime) -> int:
    """Django's own history of the admin tells who did what, too: it ends with the audit trail."""
    return pacing.delete(LogEntry.objects.filter(action_time__lt=before))


def prune() -> Plain:
    """Drop health samples, scans, builds, ended tasks and hosts of covers older than
    GHOST_KEEP_DAYS, audit events older than GHOST_AUDIT_KEEP_DAYS and addresses older
    than GHOST_ADDRESS_KEEP_DAYS in others, and answers kept for
    Idempotency-Keys; sweep away the files that no cover names, and metadata of nothing that is
    listed; have covers fetched again that are lost, or that an earlier version drew."""
    before = timezone.now() - timedelta(days=settings.GHOST.keep_days)
    year = timezone.now() - timedelta(days=settings.GHOST.audit_keep_days)
    quarter = timezone.now() - timedelta(days=settings.GHOST.address_keep_days)
    kept = covers.tidy()
    return reasons.PRUNED(
        samples=HealthSample.objects.prune(before),
        scans=Scan.objects.prune(before),
        builds=Build.objects.prune(before),
        tasks=pacing.delete(Task.objects.filter(stopped__lt=before)),
        jobs=Job.objects.prune(before),
        circuits=Circuit.objects.prune(before),
        events=AuditEvent.objects.prune(year) + _drop_history(year),
        addresses=AuditEvent.objects.forget_addresses(quarter),
        answers=idempotency.prune() + rate_limit.prune(),
        swept=kept["swept"],
        lost=kept["lost"],
        outdated=kept["outdated"],
        metadata=findings.sweep_metadata(),
    ).plain()
