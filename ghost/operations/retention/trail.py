"""Who did what: kept for GHOST_AUDIT_KEEP_DAYS, whoever cleans up by hand; addresses for less."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.utils.translation import gettext_lazy as _

from ghost.core.audit.models import AuditEvent
from ghost.core.text.reasons import ReasonCode
from ghost.operations.retention.bound import Bound, of_rows


def _audit_days() -> timedelta:
    return timedelta(days=settings.GHOST.audit_keep_days)


def _address_days() -> timedelta:
    return timedelta(days=settings.GHOST.address_keep_days)


BOUNDS: tuple[Bound, ...] = (
    of_rows(
        "audit-events", ReasonCode("retention.audit_events", _("audit events")),
        lambda before: AuditEvent.objects.outdated(before),
        where="ghost.AuditEvent", keep=_audit_days,
    ),
    Bound(
        "addresses", ReasonCode("retention.addresses", _("addresses in audit events")), "ghost.AuditEvent",
        keep=_address_days,
        preview=lambda before: AuditEvent.objects.with_old_address(before).count(),
        prune=lambda before: AuditEvent.objects.forget_addresses(before),
    ),
    of_rows(
        "admin-history", ReasonCode("retention.admin_history", _("history of the admin")),
        lambda before: LogEntry.objects.filter(action_time__lt=before),
        where="admin.LogEntry", keep=_audit_days,
    ),
)  # fmt: skip
