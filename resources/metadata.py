"""What a torrent's metadata says, kept as one JSON file by magnet hash.

Only the hash as `magnets.parse` gives it may name a file here.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NotRequired, TypedDict

from django.conf import settings

from ghost.files import write_atomic
from resources import sizes

SUMMARY_FILES = 3
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Node(TypedDict):
    """A file, or a folder with what is in it."""

    name: str
    size: int
    children: NotRequired[list[Node]]


@dataclass(frozen=True)
class File:
    """One file of a torrent: cleaned path with `/`, size in bytes."""

    path: str
    size: int


@dataclass(frozen=True)
class Metadata:
    """The metadata of one torrent, pad files left out; sizes in bytes."""

    magnet_hash: str
    name: str
    total_size_bytes: int
    files: tuple[File, ...]
    piece_length: int
    num_peers: int
    fetched_at: datetime
    backend: str = "libtorrent"
    info: bytes = field(default=b"", repr=False)
    """The bencoded info section, from which a .torrent is made."""

    @property
    def file_count(self) -> int:
        """How many files it has."""
        return len(self.files)

    @property
    def total_size_human(self) -> str:
        """Its size for people."""
        return sizes.human(self.total_size_bytes)

    @property
    def files_tree_summary(self) -> str:
        """`summary` of its files."""
        return summary(self.files)

    @property
    def files_tree(self) -> list[Node]:
        """`tree` of its files."""
        return tree(self.files)


def path_of(magnet_hash: str) -> Path:
    """Where the metadata of that hash lies; ValueError if it is not a hash."""
    if not _HASH.fullmatch(magnet_hash):
        raise ValueError("not an info-hash")
    return Path(settings.GHOST.magnet_metadata_dir) / f"{magnet_hash}.json"


def save(metadata: Metadata, *, survives_power_loss: bool = True) -> None:
    """Write it, replacing what was there in one step."""
    plain = asdict(metadata) | {
        "fetched_at": metadata.fetched_at.isoformat(),
        "info": base64.b64encode(metadata.info).decode(),
    }
    body = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    write_atomic(
        path_of(metadata.magnet_hash), body.encode(), survives_power_loss=survives_power_loss
    )


def load(magnet_hash: str) -> Metadata | None:
    """What was probed for that hash, if anything."""
    try:
        plain = json.loads(path_of(magnet_hash).read_bytes())
    except FileNotFoundError:
        return None
    return Metadata(
        **plain
        | {
            "files": tuple(File(**f) for f in plain["files"]),
            "fetched_at": datetime.fromisoformat(plain["fetched_at"]),
            "info": base64.b64decode(plain["info"]),
        }
    )


def forget(magnet_hash: str) -> None:
    """Remove what was probed for that hash."""
    path_of(magnet_hash).unlink(missing_ok=True)


def tree(files: tuple[File, ...]) -> list[Node]:
    """The files as nested folders, each with the sum of its sizes, in the torrent's order."""
    root: Node = {"name": "", "size": 0, "children": []}
    folders: dict[str, Node] = {"": root}
    for file in files:
        parent, _, name = file.path.rpartition("/")
        _folder(parent, folders)["children"].append({"name": name, "size": file.size})
        while True:
            folders[parent]["size"] += file.size
            if not parent:
                break
            parent = parent.rpartition("/")[0]
    return root["children"]


def _folder(path: str, folders: dict[str, Node]) -> Node:
    if path not in folders:
        parent, _, name = path.rpartition("/")
        folders[path] = {"name": name, "size": 0, "children": []}
        _folder(parent, folders)["children"].append(folders[path])
    return folders[path]


def summary(files: tuple[File, ...]) -> str:
    """The first file names in one line: `a.iso, b.txt, c.txt and 4 more`."""
    names = [file.path.rpartition("/")[2] for file in files[:SUMMARY_FILES]]
    more = len(files) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
