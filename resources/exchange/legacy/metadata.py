"""File lists as the earlier Ghost kept them: a JSON file by hash, with a tree, without the info
section."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.utils import timezone

from ghost.core.errors import RefusedError
from resources.exchange import records
from resources.exchange.legacy.cells import moment
from resources.torrents import sanitize
from resources.torrents.magnets import Magnet
from resources.torrents.metadata import File, Metadata

MAX_BYTES = 64 << 20
PAD_FOLDER = ".pad"
"""Where pad files lie (BEP 47): it counted them."""
_NAME = re.compile(r"[0-9a-z]{32,64}")
_MAX_SIZE = 2**63 - 1


class EarlierMetadata:
    """The folder where the earlier Ghost kept probed metadata, as JSON files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, row: dict[str, Any], magnet: Magnet, mended: list[str]) -> Metadata | None:
        """That of the resource `row`; None if there is none of use: then it is probed."""
        own = str(row.get("magnet_hash") or "")
        for name in dict.fromkeys((magnet.hash, own)):
            # It took any text for a hash.
            path = self._folder / f"{name}.json"
            if _NAME.fullmatch(name) and path.is_file():
                found = self._read(path, magnet)
                if found is None:
                    mended.append("Its file list can't be used: it will be probed.")
                return found
        return None

    def _read(self, path: Path, magnet: Magnet) -> Metadata | None:
        try:
            if path.stat().st_size > MAX_BYTES:
                return None
            body = path.read_bytes()
            records.require_few_parts(body)
            told = json.loads(body)
        except (OSError, ValueError, RecursionError, RefusedError):
            return None
        # Its mock invented two files for each torrent.
        if not isinstance(told, dict) or told.get("backend") in {"mock", "fake", "test"}:
            return None
        return _metadata(told, magnet)


def _metadata(told: dict[str, Any], magnet: Magnet) -> Metadata | None:
    listed = list(_files(told.get("files_tree")))[: sanitize.MAX_FILES]
    if not listed or not all(0 <= size <= _MAX_SIZE for _path, size in listed):
        return None
    paths = sanitize.distinct([sanitize.clean_path(path) for path, _size in listed])
    total = sum(size for _path, size in listed)
    if total > _MAX_SIZE:
        return None
    return Metadata(
        magnet_hash=magnet.hash,
        name=paths[0].partition("/")[0],
        total_size_bytes=total,
        files=tuple(File(path, size) for path, (_, size) in zip(paths, listed, strict=True)),
        piece_length=0,
        num_peers=_count(told.get("num_peers")),
        fetched_at=moment(told.get("fetched_at"))[0] or timezone.now(),
        backend="earlier",
    )


def _files(tree: object, above: str = "", depth: int = 0) -> Iterator[tuple[str, int]]:
    """Paths and sizes of a tree; pad files, and what lies too deep, left out."""
    nodes = tree if isinstance(tree, list) and depth < sanitize.MAX_DEPTH else ()
    for node in nodes:
        if not isinstance(node, dict) or node.get("name") == PAD_FOLDER:
            continue
        path = above + sanitize.clean_name(str(node.get("name") or ""))
        if node.get("type") == "dir":
            yield from _files(node.get("children"), f"{path}/", depth + 1)
        elif isinstance(size := node.get("size_bytes"), int):
            yield path, size


def _count(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 2**31 else 0
