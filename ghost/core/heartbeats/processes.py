"""The processes of this host, as far as the system tells (Linux's `/proc`, proc(5)).

Elsewhere a process knows itself alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

_PROC = Path("/proc")
_START_FIELD = 19
"""Of proc_pid_stat(5), counted after the name: when it started, in ticks since the boot."""


def started_at(pid: int) -> datetime | None:
    """When a process started, to about a second; None if that can't be told."""
    with suppress(OSError, ValueError, IndexError):
        ticks = int(_stat(pid)[_START_FIELD])
        boot_s = next(
            int(line.split()[1])
            for line in (_PROC / "stat").read_text().splitlines()
            if line.startswith("btime ")
        )
        return datetime.fromtimestamp(boot_s + ticks / os.sysconf("SC_CLK_TCK"), UTC)
    return None


def children(pid: int) -> list[int]:
    """The processes right below `pid`; this one alone where the system doesn't tell."""
    try:
        return [
            int(p) for p in (_PROC / str(pid) / "task" / str(pid) / "children").read_text().split()
        ]
    except (OSError, ValueError):
        return [os.getpid()]


def role(pid: int) -> str:
    """What a process of the workers' is, by the name that it gave itself: `guard`, `worker`,
    `pusher`, `monitor` or `watch`; empty if that can't be told."""
    with suppress(OSError):
        name = (_PROC / str(pid) / "comm").read_text().strip()
        return name.removeprefix("ghost-") if name.startswith("ghost-") else ""
    return ""


def below(pid: int) -> Iterator[int]:
    """All processes below `pid`, parents before their children."""
    for child in children(pid):
        yield child
        if child != os.getpid():
            yield from below(child)


def _stat(pid: int) -> list[str]:
    """The fields after the name, which may have spaces and brackets in it."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
