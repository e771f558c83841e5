"""Who waits long for SQLite's write lock. Told in files beside the database: into that one nobody can
write meanwhile. And who holds it, where the system tells (Linux's `/proc/locks`, proc_locks(5))."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from ghost.core import process

LONG_S = 10.0
FOLDER = "lock-waits"
NOTED_EVERY_S = 1.0
FORGOTTEN_AFTER_S = 30.0
"""Who gave up and does not come back does not wait."""
TOLD_FOR_S = 30.0
"""After the last sign of it: whoever looks once a minute may look just then."""
SWEPT_AFTER_S = 3600.0
WRITE_LOCK_BYTE = 120
"""Of the `-shm` file: https://www.sqlite.org/walformat.html#wal_locks."""


@dataclass(frozen=True)
class Wait:
    """A process of this machine that waited for so long, just now or a moment ago."""

    process: str
    waited_s: float


class Waits:
    """The waits of one process: the longest that has not ended in the lock yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: float | None = None
        self._seen_at = self._noted_at = float("-inf")

    def note(self, began: float) -> None:
        """A thread that has waited since then (of the monotonic clock) did not get it yet. A wait goes on
        in the next try, if that comes soon: the web server gives up early."""
        now = time.monotonic()
        with self._lock:
            since = self._since
            if since is None or now - self._seen_at > FORGOTTEN_AFTER_S:
                since = began
            self._since, self._seen_at = min(since, began), now
            waited_s = now - self._since
            is_due = waited_s >= LONG_S and now - self._noted_at >= NOTED_EVERY_S
            self._noted_at = now if is_due else self._noted_at
        if is_due:
            with suppress(OSError):  # a full disk: who waits goes on waiting all the same
                _write(waited_s)

    def over(self) -> None:
        """A thread got it."""
        self._since = None


waits = Waits()
"""Of this process."""


def recent() -> list[Wait]:
    """The waits of LONG_S and more that go on, or were seen within TOLD_FOR_S; the longest first."""
    return sorted(_recent(), key=lambda wait: -wait.waited_s)


def holder() -> str:
    """Which process holds the write lock now: number and name; empty if none does, or nobody can tell."""
    with suppress(OSError):
        file = _database().with_name(f"{_database().name}-shm").stat()
        where = f":{file.st_ino}"
        for line in Path("/proc/locks").read_text().splitlines():
            _number, kind, _mode, access, pid, inode, start, end = line.split()[:8]
            is_ours = (kind, access) == ("POSIX", "WRITE") and inode.endswith(where)
            if is_ours and int(start) <= WRITE_LOCK_BYTE <= int(end.replace("EOF", "1000")):
                return f"{pid} {_name(pid)}".strip()
    return ""


def _recent() -> Iterator[Wait]:
    now = time.time()
    with suppress(OSError):
        for file in _folder().iterdir():
            with suppress(OSError, ValueError):
                if abs(now - file.stat().st_mtime) < TOLD_FOR_S:
                    yield Wait(file.name, float(file.read_text()))


def _write(waited_s: float) -> None:
    folder, now = _folder(), time.time()
    folder.mkdir(mode=0o700, exist_ok=True)
    for file in folder.iterdir():
        with suppress(OSError):
            if abs(now - file.stat().st_mtime) > SWEPT_AFTER_S:
                file.unlink()
    (folder / process.name()).write_text(f"{waited_s:.1f}")


def _name(pid: str) -> str:
    with suppress(OSError):
        return (Path("/proc") / pid / "comm").read_text().strip()
    return ""


def _folder() -> Path:
    return _database().parent / FOLDER


def _database() -> Path:
    return Path(settings.GHOST.db_path)
