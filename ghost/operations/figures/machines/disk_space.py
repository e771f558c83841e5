"""The disks under the folders in use: how much space and how many files are left on each."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings

from ghost.core.errors import OutageError
from ghost.core.heartbeats.models import host_name
from ghost.core.io.disk_look import DiskLook
from ghost.core.text.reasons import Reason
from ghost.operations.figures import sentences
from ghost.operations.figures.item import Item, Moment, Status
from ghost.operations.figures.machines.hosts import living_workers

FACT = "disks"
"""In a worker's heartbeat: `disks()` of its host."""
LOW_PERCENT, LOW_BYTES = 10.0, 5 << 30
"""Little is left below both: 4 % of a large disk last for long, as do 2 GB on a small one."""
FULL_PERCENT, FULL_BYTES = 1.0, 100 << 20
"""Below both of these, writes fail soon."""
FOLDERS = (
    "db_path", "secrets_dir", "magnet_metadata_dir", "magnet_tmp_dir", "cover_dir", "site_workdir",
    "backup_dir",
)  # fmt: skip


def disks() -> list[dict[str, Any]]:
    """Of each disk of this host: the variable of the first folder on it, and what is left. None
    while one does not answer, which `machine` tells."""
    try:
        return _look.take()
    except OutageError:
        return []


def _disks() -> list[dict[str, Any]]:
    seen: dict[int, dict[str, Any]] = {}
    for name in FOLDERS:
        with suppress(OSError):
            path = _nearest(getattr(settings.GHOST, name))
            device = path.stat().st_dev
            if device not in seen:
                seen[device] = {"name": f"GHOST_{name.upper()}"} | _left(path)
    return list(seen.values())


_look = DiskLook(_disks)


def _nearest(path: Path) -> Path:
    """The folder, or the one in which it will be made."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _left(path: Path) -> dict[str, Any]:
    found = os.statvfs(path)
    space = 100 * found.f_bavail / found.f_blocks if found.f_blocks else 100.0
    # Some file systems make places for files as they need them, and tell of none.
    files = 100 * found.f_favail / found.f_files if found.f_files else 100.0
    return {
        "free_bytes": found.f_bavail * found.f_frsize,
        "total_bytes": found.f_blocks * found.f_frsize,
        "free_percent": round(space, 1),
        "free_files_percent": round(files, 1),
    }


def item(moment: Moment) -> Item:
    """Bad, where little is left: here, or on a worker's host that said so."""
    rows = [{"host": host_name()} | disk for disk in disks()] + _elsewhere(moment)
    least = min((row["free_percent"] for row in rows), default=100.0)
    counts: dict[str, int | float] = {
        "disks": len(rows),
        "least_free_percent": least,
        "least_free_bytes": min((row["free_bytes"] for row in rows), default=0),
    }
    full = [row for row in rows if _is_below(row, FULL_PERCENT, FULL_BYTES)]
    low = [row for row in rows if _is_below(row, LOW_PERCENT, LOW_BYTES)]
    if full:
        told = sentences.FULL(names=_names(full))
        return Item("disk", Status.DOWN, told, sentences.MAKE_SPACE(), counts, rows=rows)
    if low:
        told = sentences.LOW(names=_names(low))
        return Item("disk", Status.DEGRADED, told, sentences.MAKE_SPACE(), counts, rows=rows)
    return Item("disk", Status.OK, sentences.SPACE(percent=least), counts=counts, rows=rows)


def _elsewhere(moment: Moment) -> list[dict[str, Any]]:
    """What worker hosts other than this one say of their disks."""
    others = [row for row in moment.once(living_workers) if row.host != host_name()]
    return [{"host": row.host} | disk for row in others for disk in row.facts.get(FACT, [])]


def _is_below(row: dict[str, Any], percent: float, size: int) -> bool:
    is_short = row["free_percent"] < percent and row["free_bytes"] < size
    return bool(is_short or row["free_files_percent"] < FULL_PERCENT)


def _names(rows: list[dict[str, Any]]) -> Reason:
    return sentences.listed([f"{row['name']} ({row['host']})" for row in rows])
