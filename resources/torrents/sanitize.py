"""From a stranger's torrent to metadata that may be stored and shown."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from itertools import accumulate, compress
from typing import TYPE_CHECKING
from unicodedata import normalize

from django.utils import timezone

from ghost.core.text.unicode import is_hidden
from resources.torrents.metadata import File, Metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resources.torrents.magnets import Magnet

log = logging.getLogger(__name__)

MAX_FILES = 100_000
MAX_PARTS = 400_000
"""Of all paths together: each costs whoever shows the tree of files."""
MAX_NAME_CHARS = 240
MAX_ENDING_CHARS = 20
"""What comes after a name's last dot is no ending if it is longer."""
MAX_DEPTH = 50


@dataclass(frozen=True)
class Torrent:
    """What an info section says; pad files left out, sizes in bytes.

    Of more than MAX_FILES `files` it has the first; `file_count` and the size are of all.
    """

    name: str
    files: tuple[tuple[str, int], ...]
    file_count: int
    total_size_bytes: int
    piece_length: int
    info: bytes
    is_v1: bool = True
    is_v2: bool = False


def metadata(magnet: Magnet, torrent: Torrent, num_peers: int) -> Metadata | None:
    """The metadata of `magnet`, or None if the info section is not the one that it names.

    Names are cleaned, paths made distinct. Of more than MAX_FILES files, or MAX_PARTS parts of paths, the
    first are kept; the size counts all.
    """
    is_named = is_of(magnet, torrent.info)
    return _metadata(magnet.hash, torrent, num_peers, "libtorrent") if is_named else None


def of_file(torrent: Torrent) -> Metadata:
    """The metadata of a torrent that came as a file: its name is its hash, and nobody was asked."""
    own_hash = v1(torrent.info) if torrent.is_v1 else v2(torrent.info)
    return _metadata(own_hash, torrent, 0, "file")


def _metadata(magnet_hash: str, torrent: Torrent, num_peers: int, backend: str) -> Metadata:
    files = _files(torrent.files)
    if torrent.file_count > len(files):
        log.warning(
            "%s has %d files; the first %d are kept.",
            magnet_hash, torrent.file_count, len(files),
        )  # fmt: skip
    return Metadata(
        magnet_hash=magnet_hash,
        name=clean_name(torrent.name),
        total_size_bytes=torrent.total_size_bytes,
        files=files,
        files_in_all=torrent.file_count,
        piece_length=torrent.piece_length,
        num_peers=num_peers,
        backend=backend,
        fetched_at=timezone.now(),
        v1=v1(torrent.info) if torrent.is_v1 else "",
        v2=v2(torrent.info) if torrent.is_v2 else "",
        info=torrent.info,
    )


def is_of(magnet: Magnet, info: bytes) -> bool:
    """Whether the magnet's hashes are those of this info section (BEP 3, BEP 52)."""
    if magnet.v1 and v1(info) != magnet.v1:
        return False
    return not magnet.v2 or v2(info) == magnet.v2


def v1(info: bytes) -> str:
    """Its v1 info-hash, 40 hex digits."""
    return hashlib.sha1(info, usedforsecurity=False).hexdigest()


def v2(info: bytes) -> str:
    """Its v2 info-hash, 64 hex digits."""
    return hashlib.sha256(info).hexdigest()


def _files(raw: Sequence[tuple[str, int]]) -> tuple[File, ...]:
    """Those whose paths have no more than MAX_PARTS together."""
    cleaned = [clean_path(path) for path, _ in raw]
    parts = accumulate(path.count("/") + 1 for path in cleaned)
    paths = distinct(list(compress(cleaned, (count <= MAX_PARTS for count in parts))))
    return tuple(File(path, size) for path, (_, size) in zip(paths, raw, strict=False))


def distinct(paths: Sequence[str]) -> list[str]:
    """The paths, no two of which name one file where case or Unicode's form makes no difference.

    The first of a name keeps it, the next become `name (2).ext`. Folders keep theirs: a file
    with a folder's name is the one that gets another.
    """
    taken = {_folded(folder) for folder in _folders(paths)}
    numbers: dict[str, int] = {}
    return [_untaken(path, taken, numbers) for path in paths]


def _folders(paths: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def _untaken(path: str, taken: set[str], numbers: dict[str, int]) -> str:
    """`path`, or it with the next number that is free; `taken` and `numbers` remember it."""
    wanted = key = _folded(path)
    found = path
    while key in taken:
        numbers[wanted] = numbers.get(wanted, 1) + 1
        found = _numbered(path, numbers[wanted])
        key = _folded(found)
    taken.add(key)
    return found


def _numbered(path: str, number: int) -> str:
    folder, slash, name = path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > MAX_ENDING_CHARS:
        stem, dot, ending = name, "", ""
    tail = f" ({number}){dot}{ending}"
    return f"{folder}{slash}{stem[: MAX_NAME_CHARS - len(tail)]}{tail}"


def _folded(path: str) -> str:
    return path.lower() if path.isascii() else normalize("NFC", path).casefold()


def clean_path(path: str) -> str:
    """A relative path with `/`, never empty, without `.` and `..`, bounded in depth."""
    parts = [clean_name(part) for part in path.replace("\\", "/").split("/") if part]
    kept = parts if len(parts) <= MAX_DEPTH else [*parts[: MAX_DEPTH - 1], parts[-1]]
    return "/".join(kept) or "_"


def clean_name(name: str) -> str:
    """One name without hidden characters; `_` if none is left.

    Not `one_line`: two files may differ by a space or by how an accent is composed.
    """
    visible = name if name.isprintable() else "".join("_" if is_hidden(c) else c for c in name)
    visible = visible.replace("/", "_").replace("\\", "_").strip()
    return "_" if visible in {"", ".", ".."} else visible[:MAX_NAME_CHARS]
