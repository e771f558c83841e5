"""Where covers lie: files named by what is in them, so that none is ever overwritten.

A row that names a digest has the very picture that it names, whoever writes at the same moment;
a file whose row was never written, or is gone, is swept away later.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from builds.covers.pictures import DrawnCover
from builds.data.records import digest
from ghost.core.io.files import write_atomic

SWEPT_AFTER_S = 24 * 3600
"""Younger files may be those of a row that is just being written."""
_OURS = re.compile(r"(?P<digest>[0-9a-f]{16,64})(?:-thumb)?\.webp|[0-9]{1,19}(?:-thumb)?\.webp")
"""By their digests, and by the resources' ids as they were named at first."""


def page_file(cover_digest: str) -> Path:
    """Where the larger size lies."""
    return Path(settings.GHOST.cover_dir) / f"{cover_digest}.webp"


def thumb_file(cover_digest: str) -> Path:
    """Where the smaller size lies."""
    return Path(settings.GHOST.cover_dir) / f"{cover_digest}-thumb.webp"


def are_there(cover_digest: str) -> bool:
    """Whether both sizes lie where they should."""
    return page_file(cover_digest).is_file() and thumb_file(cover_digest).is_file()


def write(drawn: DrawnCover) -> str:
    """Keep both sizes; the digest that names them."""
    name = digest(drawn.page + drawn.thumb)
    # The larger one last: where it is, both are.
    write_atomic(thumb_file(name), drawn.thumb)
    write_atomic(page_file(name), drawn.page)
    return name


def all_there() -> set[str]:
    """Digests of all covers of which both sizes are there."""
    names = {entry.name for entry in _entries()}
    found = (match["digest"] for name in names if (match := _OURS.fullmatch(name)))
    return {name for name in found if name and {f"{name}.webp", f"{name}-thumb.webp"} <= names}


def sweep(wanted: set[str]) -> int:
    """Remove the files of all other digests; how many there were. What is not ours stays."""
    before, count = time.time() - SWEPT_AFTER_S, 0
    for entry in _entries():
        match = _OURS.fullmatch(entry.name)
        if match and match["digest"] not in wanted and entry.stat().st_mtime < before:
            Path(entry.path).unlink(missing_ok=True)
            count += 1
    return count


def _entries() -> Iterator[os.DirEntry[str]]:
    folder = Path(settings.GHOST.cover_dir)
    if folder.is_dir():
        with os.scandir(folder) as entries:
            yield from entries
