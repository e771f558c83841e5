"""Which process works on a job or holds an entry of the queue, and whether it is still there.

A process is known by host, machine, number and start: `web1.5c0ffee1:4711:88123`. The machine is
one boot of one kernel and, in it, one container: numbers of another say nothing about ours. The
start (clock ticks after the boot, proc_pid_stat(5)) tells it from a later one with its number.
"""

from __future__ import annotations

import hashlib
import os
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path

PROC = Path("/proc")
MAX_CHARS = 120


def name(pid: int | None = None) -> str:
    """Of the process with this number, of this one if none is given."""
    pid = pid or os.getpid()
    return f"{machine()}:{pid}:{_started(pid)}"


def is_alive(process: str) -> bool | None:
    """Whether the process of this name is there; None if it is another machine's: nobody knows."""
    where, pid, started = _parts(process)
    if where != machine():
        return None
    with suppress(PermissionError):  # it is there, and not ours
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return _started(pid) == started


def number(process: str) -> int:
    """The process's number on its machine."""
    return _parts(process)[1]


def is_here(process: str) -> bool:
    """Whether it is or was one of this machine's."""
    return _parts(process)[0] == machine()


def machine() -> str:
    """This host, this boot of it, and this container's space of process numbers."""
    return f"{socket.gethostname()[:80]}.{_boot()}"


@cache
def _boot() -> str:
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text()
        space = str((PROC / "self/ns/pid").readlink())
    except OSError:  # another system than Linux: one machine for each name of a host
        return "0"
    return hashlib.sha256(f"{boot} {space}".encode()).hexdigest()[:8]


def _started(pid: int) -> str:
    """When it began; empty if it has ended, `0` where the system doesn't tell."""
    if not (PROC / "self/stat").exists():
        return "0"
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def _parts(process: str) -> tuple[str, int, str]:
    rest, _colon, started = process.rpartition(":")
    where, _colon, pid = rest.rpartition(":")
    return where, int(pid) if pid.isdigit() else 0, started
