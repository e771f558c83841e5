"""What all processes know of trackers, at hand without a query for each question.

The loop's thread looks into a copy of the circuits and leaves there what it learned; the thread that
runs the task carries both to and from the database (`SharedCircuits.sync`), every few seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError

from ghost.core import circuits
from ghost.core.circuits import Circuit, Kind
from ghost.core.circuits.kinds import POLICIES
from ghost.core.db import clock
from ghost.core.text.reasons import Reason

log = logging.getLogger(__name__)

SYNC_EVERY_S = 5.0
MAX_CLAIMS = 50
"""Trackers that are tried again at once after their pause."""


@dataclass(frozen=True)
class _Known:
    """A tracker whose last answer was a failure. `rests_until` is of the monotonic clock."""

    failures: int
    is_open: bool
    rests_until: float
    reason: Reason


@dataclass
class _Heard:
    """What became of questions since the last sync: failures after the last answer."""

    failures: int = 0
    reason: Reason | None = None
    has_answered: bool = False


class SharedCircuits:
    """This process's copy of the trackers' circuits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}
        self._heard: dict[str, _Heard] = {}
        self._wanted: set[str] = set()
        self._tried: dict[str, float] = {}
        """Those whose pause is over, and until when this process tries them."""
        self._began_at = self._synced_at = float("-inf")

    def refusal(self, name: str) -> str:
        """Why this tracker is not to be asked now; empty if it is."""
        with self._lock:
            known = self._known.get(name)
            is_tried = time.monotonic() < self._tried.get(name, 0)
            if known is None or not known.is_open or is_tried:
                return ""
            self._wanted.add(name)
        left_min = max(known.rests_until - time.monotonic(), 0) / 60
        return (
            f"It failed {known.failures} times in a row and is left alone"
            f" for {left_min:.0f} minutes more: {known.reason}"
        )

    def knows_since(self, moment: float) -> bool:
        """Whether what happened at that time of the monotonic clock has reached the database: its
        word counts then."""
        return self._synced_at > moment

    def failed(self, name: str, reason: Reason) -> None:
        """It gave no answer."""
        with self._lock:
            heard = self._heard.setdefault(name, _Heard())
            heard.failures, heard.reason = heard.failures + 1, reason

    def succeeded(self, name: str) -> None:
        """It answered."""
        with self._lock:
            if name in self._known or name in self._heard:
                self._heard[name] = _Heard(has_answered=True)

    def sync(self, *, is_last: bool = False) -> None:
        """Tell the database what was learned and learn what the others did, at most every
        SYNC_EVERY_S. For a thread that may use the database, outside of transactions."""
        now = time.monotonic()
        if now - self._began_at < SYNC_EVERY_S and not is_last:
            return
        self._began_at = now
        with self._lock:
            heard, self._heard = self._heard, {}
            wanted, self._wanted = self._wanted, set()
        try:
            _tell(heard)
            self._learn(wanted, now)
        except DatabaseError as error:  # trackers are asked all the same
            log.warning("The circuits of trackers can't be read: %s", error)

    def _learn(self, wanted: set[str], now: float) -> None:
        moment = clock.now()
        rows = {row.name: row for row in Circuit.objects.of(Kind.TRACKER).failing()}
        known = {name: _known(row, moment, now) for name, row in rows.items()}
        awake = {name for name, each in known.items() if each.rests_until <= now}
        tried = {
            name: until for name, until in self._tried.items() if name in awake and until > now
        }
        ready = sorted((wanted & awake) - tried.keys())[:MAX_CLAIMS]
        claimed = [name for name in ready if circuits.claim(Kind.TRACKER, name)]
        tried |= dict.fromkeys(claimed, now + POLICIES[Kind.TRACKER].trial.total_seconds())
        with self._lock:
            self._known, self._tried, self._synced_at = known, tried, now


def _tell(heard: dict[str, _Heard]) -> None:
    for name, each in heard.items():
        if each.has_answered:
            circuits.succeeded(Kind.TRACKER, name)
        for _ in range(each.failures):
            circuits.failed(Kind.TRACKER, name, each.reason or Reason())


def _known(row: Circuit, moment: datetime, now: float) -> _Known:
    left_s = (row.open_until - moment).total_seconds() if row.open_until else 0
    rests_until = now + left_s if row.rests(moment) else now
    return _Known(row.failures, row.opened_at is not None, rests_until, row.last_error)
