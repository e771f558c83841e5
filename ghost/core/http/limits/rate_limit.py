"""How many requests a token may make in a minute, counted over all web processes.

Each process counts by itself and settles with the database every now and then: a write for each
request would cost more than most requests do. So a token may get through a few per cent more than
its limit, by SHARE for each process. While others write nothing is settled: no request waits for it.

What one request asks for may count as more than one: `charge`.

What is left is told with every answer, in the fields of draft-ietf-httpapi-ratelimit-headers-10: as this
process knows it, so that others may have used up to SHARE of the limit each that it has not heard of.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from ghost.core.db.nowait import nowait
from ghost.core.db.outages import OUTAGES
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
_settling = Lock()
"""Held by the one thread of this process that tells the database."""


def take(caller: str, limit: int) -> None:
    """Count one request of that caller; TooManyError if it is beyond `limit` in this minute.

    A limit of 0 is none.
    """
    if _add(caller, limit, 1) > limit > 0:
        raise _too_many(limit)


def charge(caller: str, limit: int, more: int) -> None:
    """Count that a request which was taken is worth `more` others, before it is carried out.

    TooManyError if the limit was reached without it. One that is worth more than what is left, or
    than the whole limit, uses up the rest of the minute.
    """
    if more > 0 and _add(caller, limit, more) - more > limit > 0:
        raise _too_many(limit)


def _too_many(limit: int) -> TooManyError:
    return TooManyError(_("More than %d requests in a minute.") % limit, _window_left_s())


def _window_left_s() -> int:
    """Whole seconds until the next minute, rounded up: whoever waits for so long is in it."""
    return math.ceil(WINDOW_S - time.time() % WINDOW_S)


def left(caller: str, limit: int) -> int:
    """How many requests that caller has left in this minute, as far as this process knows."""
    with _lock:
        count = _counted(caller, int(time.time() // WINDOW_S))
        return max(0, limit - count.settled - count.own)


def _add(caller: str, limit: int, number: int) -> int:
    """Count so many more of that caller in this minute; all that are known of, these included."""
    if limit <= 0:
        return 0
    with _lock:
        count = _counted(caller, int(time.time() // WINDOW_S))
        count.own += number
        total = count.settled + count.own
        is_due = count.own >= max(1, int(limit * SHARE))
    return total + (_settle_own(caller, count) if is_due else 0)


def _settle_own(caller: str, count: _Count) -> int:
    """Tell the database of ours; how many others have counted that we did not know of.

    None, and ours are owed still, while another thread does that or others write to the database.
    """
    if not _settling.acquire(blocking=False):
        return 0
    try:
        owed = count.own
        settled = _settle(caller, count.window, owed)
        with _lock:
            of_others = settled - count.settled - owed
            count.own, count.settled = count.own - owed, settled
    except OUTAGES:
        return 0
    finally:
        _settling.release()
    return max(0, of_others)


def _counted(caller: str, window: int) -> _Count:
    known = _counts.get(caller)
    if known is None or known.window != window:
        if len(_counts) >= MOST_KNOWN:
            _counts.clear()
        known = _counts[caller] = _Count(window)
    return known


def _settle(caller: str, window: int, owed: int) -> int:
    """Add ours to what the others have settled; the sum."""
    with nowait():
        ours = Usage.objects.filter(caller=caller, window=window)
        if not ours.update(count=models.F("count") + owed):
            Usage.objects.bulk_create([Usage(caller=caller, window=window)], ignore_conflicts=True)
            ours.update(count=models.F("count") + owed)
        return ours.values_list("count", flat=True).get()


def past() -> models.QuerySet[Usage]:
    """The minutes that are over."""
    return Usage.objects.filter(window__lt=int(time.time() // WINDOW_S) - 1)


class RateLimitMiddleware:
    """Tells in every answer to a caller who is counted what his limit is, and what is left of it.

    Who that is stands in `request.counted_as`, a caller and his limit, once it is known.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The same answer with `RateLimit-Policy` and `RateLimit`."""
        response = self.get_response(request)
        caller, limit = getattr(request, "counted_as", ("", 0))
        if limit > 0:
            wait_s = _window_left_s()
            response.headers["RateLimit-Policy"] = f'"default";q={limit};w={WINDOW_S}'
            response.headers["RateLimit"] = f'"default";r={left(caller, limit)};t={wait_s}'
        return response
