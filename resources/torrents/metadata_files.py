"""The folder of metadata: what lies in it for longer than a write can take, and removing that."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from resources.torrents import metadata

SWEPT_AFTER_S = 24 * 3600
"""Younger files may be those of a row that is just being written."""
_OURS = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64})\.json")
_HALF_WRITTEN = re.compile(r"\.[0-9a-f]{40}\.\w{8}")
"""As `write_atomic` names what it has not put in its place yet; longer names are cut."""


def old_hashes() -> Iterator[str]:
    """The hashes whose files have lain here for SWEPT_AFTER_S."""
    for path in _files():
        if (match := _OURS.fullmatch(path.name)) and _is_old(path):
            yield match[1]


def remove_half_written() -> int:
    """Remove what killed processes have left; how many there were."""
    left = list(half_written())
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def half_written() -> Iterator[Path]:
    """What killed processes have left."""
    return (path for path in _files() if _HALF_WRITTEN.fullmatch(path.name) and _is_old(path))


def remove_old(magnet_hash: str) -> bool:
    """Remove the file of that hash; False if it is gone, or was written anew meanwhile: it stays then.

    It is moved aside before its age is asked for the last time, so that what somebody saves in
    between is never what is removed.
    """
    path = metadata.path_of(magnet_hash)
    aside = path.with_name(f".{magnet_hash[:40]}.swept_{os.getpid() % 100:02}")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return False
    is_old = _is_old(aside)
    if not is_old:
        with suppress(FileExistsError):  # one that is newer still is there already
            os.link(aside, path)
    aside.unlink()
    return is_old


def _is_old(path: Path) -> bool:
    try:
        return path.stat().st_mtime < time.time() - SWEPT_AFTER_S
    except FileNotFoundError:
        return False


def _files() -> Iterator[Path]:
    folder = Path(settings.GHOST.magnet_metadata_dir)
    if folder.is_dir():
        with os.scandir(folder) as entries:
            yield from (Path(entry.path) for entry in entries)
