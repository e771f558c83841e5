"""Where covers lie: files named by what is in them, so that none is ever overwritten.

A row that names a digest has the very picture that it names, whoever writes at the same moment;
a file whose row was never written, or is gone, is swept away later.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from builds.covers.pictures import DrawnCover
from builds.data.records import digest
from ghost.core.io.files import write_atomic

_OURS = re.compile(r"(?P<digest>[0-9a-f]{16,64})(?:-thumb)?\.webp|[0-9]{1,19}(?:-thumb)?\.webp")
"""By their digests, and by the resources' ids as they were named at first."""
_HALF_WRITTEN = re.compile(r"\.[0-9a-f-]{1,40}[0-9a-z.-]*\.\w{8}")
"""As `write_atomic` names what it has not put in its place yet."""


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


def unnamed(wanted: set[str], before_s: float) -> Iterator[Path]:
    """The files of all other digests, and those that killed processes had not put in their place, if
    nobody has touched them since then (seconds since 1970). What is not ours stays."""
    for entry in _entries():
        match = _OURS.fullmatch(entry.name)
        is_unnamed = match["digest"] not in wanted if match else _HALF_WRITTEN.fullmatch(entry.name)
        if is_unnamed and entry.stat().st_mtime < before_s:
            yield Path(entry.path)


def _entries() -> Iterator[os.DirEntry[str]]:
    folder = Path(settings.GHOST.cover_dir)
    if folder.is_dir():
        with os.scandir(folder) as entries:
            yield from entries
