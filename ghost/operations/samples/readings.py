"""What the system says of this machine now (psutil: https://psutil.readthedocs.io/)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup")
"""Where a container finds its own limit (cgroup v2, https://docs.kernel.org/admin-guide/cgroup-v2.html)."""


@dataclass(frozen=True)
class Memory:
    """Bytes of memory that this machine, or this container, has, and that can still be had."""

    total_bytes: int
    available_bytes: int


@dataclass(frozen=True)
class Processes:
    """The processes of one role: how many, and the memory that they hold."""

    number: int = 0
    bytes: int = 0
    largest_bytes: int = 0

    def with_one(self, size: int) -> Processes:
        """The same and one more of this size."""
        return Processes(self.number + 1, self.bytes + size, max(self.largest_bytes, size))

    def plain(self) -> dict[str, int]:
        """As values for JSON."""
        return asdict(self)


class CpuClock:
    """The share of its processors' time that this machine was busy since it was last asked."""

    def __init__(self) -> None:
        self._before = _cpu_times()

    def percent(self) -> float:
        """0 to 100, of all processors together."""
        (busy_before, all_before), now = self._before, _cpu_times()
        self._before = busy, everything = now
        passed = everything - all_before
        return round(100 * (busy - busy_before) / passed, 1) if passed > 0 else 0.0


def _cpu_times() -> tuple[float, float]:
    """Seconds in which they worked, and in all. Waiting for a disk is no work."""
    times = psutil.cpu_times()
    # Linux counts guests' time in `user` as well.
    everything = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return everything - times.idle - getattr(times, "iowait", 0.0), everything


def memory(cgroup: Path = CGROUP) -> Memory:
    """Of the container if that has a limit, else of the machine."""
    machine = psutil.virtual_memory()
    found = Memory(machine.total, machine.available)
    with suppress(OSError, ValueError, StopIteration):  # no container, no limit ("max")
        limit = int((cgroup / "memory.max").read_text())
        used = int((cgroup / "memory.current").read_text()) - _droppable(cgroup)
        if limit < found.total_bytes:
            found = Memory(limit, min(max(limit - used, 0), found.available_bytes))
    return found


def _droppable(cgroup: Path) -> int:
    """What is counted as used, and is given up as soon as somebody needs it: files read before."""
    lines = (cgroup / "memory.stat").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("inactive_file ")))


def load() -> tuple[float, float, float]:
    """How many processes ran or waited for it, in the mean of 1, 5 and 15 minutes."""
    one, five, fifteen = psutil.getloadavg()
    return round(one, 2), round(five, 2), round(fifteen, 2)


def cores() -> int:
    """How many processors this process may use."""
    has_affinity = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1


def processes(by_pid: Iterable[tuple[int, str]]) -> dict[str, Processes]:
    """What these take, by their roles. Who has ended meanwhile takes nothing."""
    found: dict[str, Processes] = {}
    for pid, role in by_pid:
        with suppress(psutil.Error):
            found[role] = found.get(role, Processes()).with_one(_own_bytes(pid))
    return found


def _own_bytes(pid: int) -> int:
    """Its memory without the files that it maps, where the system tells those apart. What it still shares with the
    process that forked it counts for both."""
    told = psutil.Process(pid).memory_info()
    return int(told.rss) - int(getattr(told, "shared", 0))
