"""Jumps of this host's clock: the time of day compared with the time since the boot, which nobody sets.

On SQLite the database's clock is the host's own, so nothing else could tell.
"""

from __future__ import annotations

import logging
import time

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
JUMP_S = 5.0
"""What a clock may be moved at once: it is slewed by less, and the shortest claims last for 20 s."""
TOLD_FOR_S = 600.0
"""After that the new time is taken for right."""
TOLD_AFTER_RETURN_S = 60.0
"""It was set back to what it was: whoever looks once a minute has seen it."""


class ClockJumps:
    """What this process has seen of its host's clock."""

    def __init__(self) -> None:
        self._before: tuple[float, float] | None = None
        self._off_s = 0.0
        """How far it is from where it was before the first jump that is told."""
        self._shown_s = 0.0
        self._told_until = float("-inf")

    def look(self) -> None:
        """Compare both clocks with the last look."""
        day, boot = time.time(), boot_time()
        if self._before is not None:
            step = (day - self._before[0]) - (boot - self._before[1])
            if abs(step) >= JUMP_S:
                self._note(step, boot)
        self._before = day, boot

    def told_s(self) -> float | None:
        """How far the clock jumped, ahead or back, while that is told."""
        if boot_time() >= self._told_until:
            self._off_s = 0.0
            return None
        return round(self._shown_s, 1)

    def _note(self, step: float, boot: float) -> None:
        log.warning("the clock of this host jumped by %+.1f s", step)
        self._off_s = (self._off_s if boot < self._told_until else 0.0) + step
        has_returned = abs(self._off_s) < JUMP_S
        self._shown_s = self._shown_s if has_returned else self._off_s
        self._told_until = boot + (TOLD_AFTER_RETURN_S if has_returned else TOLD_FOR_S)


def boot_time() -> float:
    """Seconds since the boot, a sleep of the machine included; elsewhere than on Linux since some moment."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


jumps = ClockJumps()
"""Of this process."""
