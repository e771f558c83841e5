"""Sends the digest: each span of time once, and an empty one not at all."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import translation

from ghost.core.db import clock
from ghost.operations.alerts.models import AlertWatch
from ghost.operations.channels import targets
from ghost.operations.channels.models import Delivery
from ghost.operations.digest import contents, letter

PERIODS = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}
NOT_AGAIN_FOR = timedelta(minutes=30)
"""A task that runs twice tells once."""
LONGEST = timedelta(days=31)
"""After a long rest nobody is told of a year."""


def send() -> int:
    """Leave a digest of what happened since the last one for everybody who reads it; how many that is."""
    to, now = targets.readers(), clock.now()
    AlertWatch.objects.get_or_create(pk=1)
    with transaction.atomic():
        row = AlertWatch.objects.select_for_update().get(pk=1)
        since = _since(row.digest_until, now)
        if not to or since is None:
            return 0
        row.digest_until = now
        row.save(update_fields=["digest_until"])
        return _write(since, now, to)


def _since(before: datetime | None, now: datetime) -> datetime | None:
    """Where the last one ended; None if that was just now."""
    if before is None or not now - LONGEST <= before <= now:
        return now - PERIODS.get(settings.GHOST.digest, PERIODS["weekly"])
    return before if now - before >= NOT_AGAIN_FOR else None


def _write(since: datetime, now: datetime, to: list[targets.Target]) -> int:
    with translation.override(settings.GHOST.message_language):
        found = contents.gather(since, now)
        if found.is_empty:
            return 0
        written = Delivery.objects.write(letter.write(found), Delivery.Kind.DIGEST, to)
    return len(written)
