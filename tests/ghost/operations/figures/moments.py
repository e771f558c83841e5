"""Moments of an installation: one that has run for long, and one that has just begun."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from ghost.core.heartbeats.models import Heartbeat
from ghost.operations import figures
from ghost.operations.figures import Item


def heartbeat(
    kind: str = "worker",
    *,
    host: str = "one",
    pid: int = 7,
    started_ago: timedelta = timedelta(days=2),
    seen_ago: timedelta = timedelta(0),
    **values: Any,
) -> Heartbeat:
    """A host that began and was last heard of so long ago."""
    now = timezone.now()
    return Heartbeat.objects.create(
        kind=kind, host=host, pid=pid, version="1", started_at=now - started_ago,
        last_seen_at=now - seen_ago, **values,
    )  # fmt: skip


def item(name: str) -> Item:
    """How that stands now, as all who ask are told."""
    return next(item for item in figures.gather().items if item.name == name)


def told(name: str) -> tuple[str, str]:
    """The same in short: status, and code without its first word."""
    found = item(name)
    assert bool(found.advice) == found.is_bad
    return str(found.status), found.reason.code.removeprefix("figures.")


def ago(**duration: float) -> datetime:
    """A moment that is so long ago."""
    return timezone.now() - timedelta(**duration)
