"""Probes and scans that somebody asked for: when their jobs (`ghost.core.jobs.models`) end, and how.

A job lasts as long as the work on its subjects, whichever worker does it: one task probes all that
is due, and several share a scan.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils import timezone

from dht import reasons
from dht.models import Scan
from ghost.core.db.pacing import PacedWriter
from ghost.core.jobs import worker
from ghost.core.text.reasons import NONE
from resources.models import ProbeStatus, Resource

GONE = "gone"
RESOURCE = "resource"
SETTLED_AT_ONCE = 25
_FIELDS = (
    "title", "probe_status", "probe_error", "probe_claim", "probe_claimed_until", "probe_due_at",
    "probed_at", "takedown_at", "published_at", "awaits_review", "dht_status",
    "is_private", "is_let_through",
)  # fmt: skip


def subject(resource_id: int) -> str:
    """What a job calls the probe of a resource."""
    return f"{RESOURCE}:{resource_id}"


def has_ended(row: Resource) -> bool:
    """Whether nobody is at its probe any more, nor will be before a pause."""
    if row.takedown_at:  # nobody probes it any more
        return True
    is_due = row.probe_due_at is not None and row.probe_due_at <= timezone.now()
    return row.probe_status != ProbeStatus.PENDING and not row.probe_claim and not is_due


def settle(row: Resource) -> None:
    """End the jobs that wait for this probe, in the transaction in which it ended."""
    is_untried = row.probe_status == ProbeStatus.UNAVAILABLE
    error = row.probe_error if is_untried else NONE
    worker.settle(subject(row.pk), str(row.probe_status), _result(row), error=error)


def _result(row: Resource) -> dict[str, Any]:
    return {
        "resource_id": row.pk,
        "probe_status": str(row.probe_status),
        "probe_error": row.probe_error.plain(),
        "dht_status": str(row.dht_status),
        "state": str(row.state),
    }


def look_after(subjects: Collection[str]) -> None:
    """End the jobs of those that have ended and nobody told: before the job's row was there, taken
    down, deleted."""
    writer = PacedWriter()
    for part in writer.in_parts(_ended(subjects), SETTLED_AT_ONCE):
        with writer.writing():
            _settle_ended(part)


def _ended(subjects: Collection[str]) -> list[str]:
    """Those to settle, looked up while others can write: of a bulk's thousand they are few."""
    if not subjects:
        return []
    rows = _rows(subjects)
    ended = [key for key in _keys(RESOURCE, subjects) if key not in rows or has_ended(rows[key])]
    scans = [f"{Scan.SUBJECT}:{scan.pk}" for scan in _scans(subjects) if not scan.is_open]
    return [*map(subject, ended), *scans]


def _settle_ended(subjects: Collection[str]) -> None:
    """In a transaction: each is looked at again, since it may have begun anew."""
    rows = _rows(subjects)
    for key in _keys(RESOURCE, subjects):
        if key not in rows:
            worker.settle(subject(key), GONE, {"resource_id": key}, error=reasons.GONE())
        elif has_ended(rows[key]):
            settle(rows[key])
    for scan in _scans(subjects):
        if not scan.is_open:
            scan.settle()


def is_under_way(subjects: Collection[str]) -> bool:
    """Whether a worker is busy with one of them."""
    now = timezone.now()
    is_held = any(
        row.probe_claim and row.probe_claimed_until and row.probe_claimed_until > now
        for row in _rows(subjects).values()
    )
    return is_held or any(scan.started_at for scan in _scans(subjects))


def _rows(subjects: Collection[str]) -> dict[int, Resource]:
    return Resource.objects.filter(pk__in=_keys(RESOURCE, subjects)).only(*_FIELDS).in_bulk()


def _scans(subjects: Collection[str]) -> list[Scan]:
    return list(Scan.objects.filter(pk__in=_keys(Scan.SUBJECT, subjects)))


def _keys(kind: str, subjects: Collection[str]) -> list[int]:
    named = (name.partition(":") for name in subjects)
    return sorted(int(key) for what, _colon, key in named if what == kind)
