"""What a process used: seconds on the clock and on the processor, memory."""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import Self


class Meter:
    """Measures this process between entry and exit."""

    def __enter__(self) -> Self:
        self._began, self._cpu_before = time.monotonic(), cpu_s()
        return self

    def since_s(self) -> float:
        """Seconds since entry."""
        return time.monotonic() - self._began

    def __exit__(self, *_: object) -> None:
        self.wall_s = self.since_s()
        self.cpu_s = cpu_s() - self._cpu_before

    def told(self) -> dict[str, float]:
        """As a dictionary."""
        used = {"wall_s": self.wall_s, "cpu_s": self.cpu_s}
        return used | {"rss_mb": rss_mb(), "own_mb": own_mb()}


def cpu_s() -> float:
    """User and system seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def rss_mb() -> float:
    """Memory of this process that lies in RAM now."""
    return _statm_mb(1)


def own_mb() -> float:
    """The same without what shows files, such as the database: that goes when it is in the way."""
    return _statm_mb(1) - _statm_mb(2)


def _statm_mb(field: int) -> float:
    """Of proc_pid_statm(5)."""
    pages = int(Path("/proc/self/statm").read_text().split()[field])
    return pages * resource.getpagesize() / (1 << 20)
