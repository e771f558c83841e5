"""From a stranger's torrent to metadata that may be stored and shown."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from django.utils import timezone

from ghost.words import is_hidden
from resources.metadata import File, Metadata

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resources.magnets import Magnet

log = logging.getLogger(__name__)

MAX_FILES = 100_000
MAX_NAME_CHARS = 240
MAX_DEPTH = 50


@dataclass(frozen=True)
class Torrent:
    """What an info section says, as libtorrent read it; pad files left out, sizes in bytes."""

    name: str
    files: tuple[tuple[str, int], ...]
    piece_length: int
    info: bytes
    is_v1: bool = True
    is_v2: bool = False


def metadata(magnet: Magnet, torrent: Torrent, num_peers: int) -> Metadata | None:
    """The metadata of `magnet`, or None if the info section is not the one that it names.

    Names are cleaned. Of more than MAX_FILES files the first are kept; the size counts all.
    """
    if not is_of(magnet, torrent.info):
        return None
    if len(torrent.files) > MAX_FILES:
        log.warning(
            "%s has %d files; the first %d are kept.", magnet.hash, len(torrent.files), MAX_FILES
        )
    return Metadata(
        magnet_hash=magnet.hash,
        name=clean_name(torrent.name),
        total_size_bytes=sum(size for _, size in torrent.files),
        files=tuple(_files(islice(torrent.files, MAX_FILES))),
        piece_length=torrent.piece_length,
        num_peers=num_peers,
        fetched_at=timezone.now(),
        v1=_v1(torrent.info) if torrent.is_v1 else "",
        v2=_v2(torrent.info) if torrent.is_v2 else "",
        info=torrent.info,
    )


def is_of(magnet: Magnet, info: bytes) -> bool:
    """Whether the magnet's hashes are those of this info section (BEP 3, BEP 52)."""
    if magnet.v1 and _v1(info) != magnet.v1:
        return False
    return not magnet.v2 or _v2(info) == magnet.v2


def _v1(info: bytes) -> str:
    return hashlib.sha1(info, usedforsecurity=False).hexdigest()


def _v2(info: bytes) -> str:
    return hashlib.sha256(info).hexdigest()


def _files(raw: Iterable[tuple[str, int]]) -> Iterable[File]:
    return (File(clean_path(path), size) for path, size in raw)


def clean_path(path: str) -> str:
    """A relative path with `/`, never empty, without `.` and `..`, bounded in depth."""
    parts = [clean_name(part) for part in path.replace("\\", "/").split("/") if part]
    return "/".join(parts[:MAX_DEPTH]) or "_"


def clean_name(name: str) -> str:
    """One name without hidden characters; `_` if none is left.

    Not `one_line`: two files may differ by a space or by how an accent is composed.
    """
    visible = "".join("_" if is_hidden(c) or c in "/\\" else c for c in name).strip()
    return "_" if visible in {"", ".", ".."} else visible[:MAX_NAME_CHARS]
