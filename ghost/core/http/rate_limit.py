"""How many requests a token may make in a minute, counted over all web processes.

Each process counts by itself and settles with the database every now and then: a write for each
request would cost more than most requests do. So a token may get through a few per cent more than
its limit, by SHARE for each process.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Lock

from django.db import models, transaction
from django.utils.translation import gettext as _

from ghost.core.errors import GhostError

WINDOW_S = 60
SHARE = 0.02
"""Of the limit, so much is counted before it is settled."""
MOST_KNOWN = 10_000


class TooManyError(GhostError):
    """Over the limit: 429, and worth another try after `wait_s` seconds."""

    def __init__(self, message: str, wait_s: int) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class Usage(models.Model):
    """What all processes have settled for one caller and minute."""

    caller = models.CharField(max_length=80)
    window = models.BigIntegerField(db_index=True)
    """Minutes since 1970."""
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("caller", "window", name="ghost_usage_once")]

    def __str__(self) -> str:
        return f"{self.caller}: {self.count}"


@dataclass
class _Count:
    window: int
    settled: int = 0
    """Of all processes, as last seen."""
    own: int = 0
    """Ours since then."""


_counts: dict[str, _Count] = {}
_lock = Lock()


def take(caller: str, limit: int) -> None:
    """Count one request of that caller; TooManyError if it is beyond `limit` in this minute.

    A limit of 0 is none.
    """
    if limit <= 0:
        return
    now = time.time()
    window = int(now // WINDOW_S)
    with _lock:
        count = _counted(caller, window)
        count.own += 1
        is_due = count.own >= max(1, int(limit * SHARE))
        owed, total = (count.own if is_due else 0), count.settled + count.own
        if is_due:
            count.own, count.settled = 0, total
    if owed:
        total = _settle(caller, window, owed)
        with _lock:
            count.settled = max(count.settled, total)
    if total > limit:
        wait_s = max(1, round((window + 1) * WINDOW_S - now))
        raise TooManyError(_("More than %d requests in a minute.") % limit, wait_s)


def _counted(caller: str, window: int) -> _Count:
    known = _counts.get(caller)
    if known is None or known.window != window:
        if len(_counts) >= MOST_KNOWN:
            _counts.clear()
        known = _counts[caller] = _Count(window)
    return known


def _settle(caller: str, window: int, owed: int) -> int:
    """Add ours to what the others have settled; the sum."""
    with transaction.atomic():
        ours = Usage.objects.filter(caller=caller, window=window)
        if not ours.update(count=models.F("count") + owed):
            Usage.objects.bulk_create([Usage(caller=caller, window=window)], ignore_conflicts=True)
            ours.update(count=models.F("count") + owed)
        return ours.values_list("count", flat=True).get()


def prune() -> int:
    """Drop the minutes that are over; how many there were."""
    count, _each = Usage.objects.filter(window__lt=int(time.time() // WINDOW_S) - 1).delete()
    return count
