"""The largest file of a torrent, under its true name.

What Ghost keeps and shows is cleaned; a web server knows a file by its own name only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ghost.core.errors import OutageError, RefusedError
from resources.torrents import bencode, info_sections

if TYPE_CHECKING:
    from resources.torrents.metadata import Metadata


@dataclass(frozen=True)
class LargestFile:
    """The largest file of a torrent that is no padding; its path begins with the torrent's name.

    `is_alone` if a v1 torrent is this file, and no folder. Size in bytes.
    """

    path: info_sections.Path
    size: int
    is_alone: bool


def largest(metadata: Metadata) -> LargestFile:
    """The first of the largest files; under its cleaned name if the info section is not kept, is
    not sound, or too big to be read in passing. An empty torrent has one of no bytes."""
    files = _named_truly(metadata) or _cleaned(metadata)
    path, size = max(files, key=lambda file: file[1])
    return LargestFile(path, size, is_alone=bool(metadata.v1) and len(files) == len(path) == 1)


def _named_truly(metadata: Metadata) -> list[tuple[info_sections.Path, int]]:
    try:
        section = bencode.decode(metadata.info)
        return info_sections.files(section) if isinstance(section, dict) else []
    except (OutageError, RefusedError):
        return []


def _cleaned(metadata: Metadata) -> list[tuple[info_sections.Path, int]]:
    kept = [(tuple(file.path.encode().split(b"/")), file.size) for file in metadata.files]
    return kept or [((metadata.name.encode(),), 0)]
