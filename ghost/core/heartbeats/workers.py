"""Whether any worker is alive, for those who ask for work: what they asked for is kept, and waits for one.

Whoever writes looks at it, so a process asks the database every CACHED_S seconds at most.
"""

from __future__ import annotations

import time
from threading import Lock

from django.utils.translation import gettext_lazy as _

from ghost.core.db import clock
from ghost.core.heartbeats.models import Heartbeat
from ghost.core.text.notes import Notes
from ghost.core.text.reasons import ReasonCode

CACHED_S = 5.0
PROBE_WAITS = ReasonCode(
    "ghost.no_worker_probe",
    _(
        "No worker is alive: the probe waits until an operator has started one, and so does the public site."
    ),
)
SITE_WAITS = ReasonCode(
    "ghost.no_worker_site",
    _("No worker is alive: the public site stays as it is until an operator has started one."),
)
BUILD_WAITS = ReasonCode(
    "ghost.no_worker_build",
    _("No worker is alive: the build waits until an operator has started one."),
)
SCAN_WAITS = ReasonCode(
    "ghost.no_worker_scan",
    _("No worker is alive: the scan waits until an operator has started one."),
)


class _Look:
    """What this process saw last, and when (of its monotonic clock)."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._is_alive, self._until = True, 0.0

    def is_alive(self) -> bool:
        """Whether a worker was alive a moment ago."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._is_alive = Heartbeat.objects.has_workers(clock.now())
                self._until = time.monotonic() + CACHED_S
            return self._is_alive

    def suppose(self, *, is_alive: bool, for_s: float) -> None:
        """Take it for granted, without a look at the database."""
        self._is_alive, self._until = is_alive, time.monotonic() + for_s

    def forget(self) -> None:
        """Look again at the next question."""
        self._until = 0.0


look = _Look()
"""Of this process."""


def note(notes: Notes, waits: ReasonCode) -> None:
    """Say that no worker is alive, and what waits for one, where that is so."""
    if not look.is_alive():
        notes.add(waits())


def notes(waits: ReasonCode) -> Notes:
    """The same, alone."""
    found = Notes()
    note(found, waits)
    return found
