"""Files under their true names, as an info section has them (BEP 3, BEP 52).

What Ghost keeps and shows is cleaned; a web server knows a file by its own name only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ghost.core.errors import OutageError
from resources.torrents import bencode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from resources.torrents.bencode import Value
    from resources.torrents.metadata import Metadata

_Path = tuple[bytes, ...]


@dataclass(frozen=True)
class LargestFile:
    """The largest file of a torrent that is no padding; its path begins with the torrent's name.

    `is_alone` if a v1 torrent is this file, and no folder. Size in bytes.
    """

    path: _Path
    size: int
    is_alone: bool


def largest(metadata: Metadata) -> LargestFile:
    """The first of the largest files; under its cleaned name if the info section is not kept, or
    too big to be read in passing. An empty torrent has one of no bytes."""
    try:
        info = bencode.decode(metadata.info)
    except OutageError:
        info = {}
    files = list(_files(info)) or _cleaned(metadata)
    path, size = max(files, key=lambda file: file[1])
    return LargestFile(path, size, is_alone=bool(metadata.v1) and len(files) == len(path) == 1)


def _cleaned(metadata: Metadata) -> list[tuple[_Path, int]]:
    kept = [(tuple(f.path.encode().split(b"/")), f.size) for f in metadata.files]
    return kept or [((metadata.name.encode(),), 0)]


def _files(info: Value) -> Iterator[tuple[_Path, int]]:
    match info:
        case {b"name.utf-8": bytes(name)} | {b"name": bytes(name)}:
            pass
        case _:
            return
    match info:
        case {b"length": int(size)}:
            yield (name,), size
        case {b"files": list(entries)}:
            yield from (((name, *path), size) for path, size in _listed(entries))
        case {b"file tree": dict(tree)}:
            leaves = list(_leaves(tree))
            is_file = [path for path, _ in leaves] == [(name,)]
            yield from leaves if is_file else (((name, *path), size) for path, size in leaves)


def _listed(entries: Iterable[Value]) -> Iterator[tuple[_Path, int]]:
    """Of a v1 list; pad files (BEP 47) are no content."""
    for entry in entries:
        match entry:
            case {b"attr": bytes(attributes)} if b"p" in attributes:
                pass
            case {b"length": int(size), b"path.utf-8": list(path)}:
                yield _parts(path), size
            case {b"length": int(size), b"path": list(path)}:
                yield _parts(path), size


def _parts(path: Iterable[Value]) -> _Path:
    return tuple(part for part in path if isinstance(part, bytes) and part)


def _leaves(tree: dict[bytes, Value], above: _Path = ()) -> Iterator[tuple[_Path, int]]:
    """Of a v2 tree, whose depth the decoder bounds."""
    for name, below in tree.items():
        match below:
            case {b"": {b"length": int(size)}}:
                yield (*above, name), size
            case dict():
                yield from _leaves(below, (*above, name))
