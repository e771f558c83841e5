"""What a torrent's metadata says, kept as one JSON file by magnet hash.

Only the hash as `magnets.parse` gives it may name a file here.
"""

from __future__ import annotations

import base64
import json
import logging
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, NotRequired, TypedDict

from django.conf import settings
from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter

from ghost.core.http.schema.schema_sentences import explain_pattern
from ghost.core.io.files import write_atomic
from ghost.core.moments import Moment
from resources import sizes
from resources.torrents import private

SUMMARY_FILES = 3
MAX_DEPTH = 100
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_WAY_OUT = re.compile(r"(^|/)(\.{0,2})(/|$)")
_AS_STORED = ConfigDict(
    strict=True, extra="ignore", val_json_bytes="base64", ser_json_bytes="base64"
)
"""A file of a newer version may say more."""
_Size = Annotated[int, Field(ge=0, le=2**63 - 1)]
_Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
_SHOWN = explain_pattern(r"^[^\x00-\x1f\x7f]+$", "must be text without control characters")
_NAMED = explain_pattern(
    r"^([0-9a-f]{40}|[0-9a-f]{64})?$", "must be an info-hash of 40 or 64 small hexadecimal digits"
)
_Path = Annotated[str, StringConstraints(min_length=1, pattern=_SHOWN)]
_OwnHash = Annotated[str, StringConstraints(pattern=_NAMED)]

log = logging.getLogger(__name__)


class Node(TypedDict):
    """A file, or a folder with what is in it."""

    name: str
    size: int
    children: NotRequired[list[Node]]


@dataclass(frozen=True)
class File:
    """One file of a torrent: cleaned path with `/`, size in bytes."""

    __pydantic_config__ = _AS_STORED

    path: _Path
    size: _Size


@dataclass(frozen=True)
class Metadata:
    """The metadata of one torrent, pad files left out; sizes in bytes."""

    __pydantic_config__ = _AS_STORED

    magnet_hash: _OwnHash
    name: _Path
    total_size_bytes: _Size
    files: tuple[File, ...]
    piece_length: _Size
    num_peers: _Count
    fetched_at: Moment
    backend: str = "libtorrent"
    created_at: Moment | None = None
    """When the torrent was made, as its `.torrent` file says; a probe doesn't tell."""
    v1: _OwnHash = ""
    v2: _OwnHash = ""
    """The torrent's own info-hashes, whichever of them the magnet names; a hybrid has both."""
    files_in_all: _Count = 0
    """How many there were, if `files` are the first of them only."""
    info: bytes = field(default=b"", repr=False)
    """The bencoded info section, from which a .torrent is made."""

    @property
    def link_name(self) -> str:
        """Its name as links have it; empty if nothing was left of it."""
        return "" if self.name == "_" else self.name[:255]

    @property
    def file_count(self) -> int:
        """How many files it has, also if not all of them are kept."""
        return max(self.files_in_all, len(self.files))

    @property
    def is_private(self) -> bool:
        """Whether its info section is marked private (BEP 27)."""
        return private.is_private(self.info)

    @property
    def total_size_human(self) -> str:
        """Total size with its unit, such as `1.4 GiB`."""
        return sizes.human(self.total_size_bytes)

    @property
    def files_tree_summary(self) -> str:
        """The first files as one text; see `summary`."""
        return summary(self.files, self.file_count)

    @property
    def files_tree(self) -> list[Node]:
        """Files below their folders; see `tree`."""
        return tree(self.files)


def path_of(magnet_hash: str) -> Path:
    """Where the metadata of that hash lies; ValueError if it is not a hash."""
    if not _HASH.fullmatch(magnet_hash):
        raise ValueError("not an info-hash")
    return Path(settings.GHOST.magnet_metadata_dir) / f"{magnet_hash}.json"


def save(metadata: Metadata, *, survives_power_loss: bool = True) -> None:
    """Write it, replacing what was there in one step."""
    body = json.dumps(plain(metadata), ensure_ascii=False, separators=(",", ":"))
    write_atomic(
        path_of(metadata.magnet_hash), body.encode(), survives_power_loss=survives_power_loss
    )


def plain(metadata: Metadata) -> dict[str, Any]:
    """As JSON has it; `read` is the way back."""
    return vars(metadata) | {
        "files": [vars(file) for file in metadata.files],
        "fetched_at": metadata.fetched_at.isoformat(),
        "created_at": metadata.created_at and metadata.created_at.isoformat(),
        "info": base64.b64encode(metadata.info).decode(),
    }


_STORED = TypeAdapter(Metadata)


def load(magnet_hash: str) -> Metadata | None:
    """What was probed for that hash; None if nothing was, or if the file is damaged: that is
    logged, and another probe mends it."""
    path = path_of(magnet_hash)
    try:
        found = require_sound(_STORED.validate_json(path.read_bytes()))
        if found.magnet_hash != magnet_hash:
            raise ValueError("it is another torrent's")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = str(error).replace("\n", " ")[:300]
        log.warning("The metadata in %s can't be read; probe it again: %s", path.name, reason)
        return None
    return found


def require_sound(found: Metadata) -> Metadata:
    """The same; ValueError for what the types don't tell."""
    if any(file.path.count("/") > MAX_DEPTH for file in found.files):
        raise ValueError("its folders are too deep")
    if any(_WAY_OUT.search(file.path) for file in found.files):
        raise ValueError("a path in it leads out of its folder")
    return found


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


def summary(files: tuple[File, ...], file_count: int) -> str:
    """The first file names in one line: `a.iso, b.txt, c.txt and 4 more`."""
    names = [file.path.rpartition("/")[2] for file in files[:SUMMARY_FILES]]
    more = file_count - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
