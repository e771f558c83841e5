"""What only the page of a resource shows: its text as HTML and its files as a tree."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from django.conf import settings

from builds.data import entry, markdown, mentions
from builds.data.mentions import NONE, Blocked, words
from builds.data.records import digest
from ghost.core.config.version import VERSION
from ghost.core.text import info_hashes
from resources import sizes
from resources.models import Resource
from resources.torrents import metadata

LISTED_FILES = 2000
LISTED_DEPTH = 32
_BELOW = "\0"
"""No file's name: it stands for those that lie deeper than LISTED_DEPTH."""
NAMED_FILES = 200
"""So many names of files can be searched for."""


@dataclass(frozen=True)
class Body:
    """`tree`: `[{name, size, children}]`, `tree_cut` files left out of it; names of files."""

    html: str
    tree: list[dict[str, Any]]
    tree_cut: int
    file_names: list[str]
    checksums: list[dict[str, str]] = field(default_factory=list)
    """`[{algorithm, value, file}]`, the file if it is that of one among several."""

    @property
    def packed(self) -> bytes:
        """As it is stored: a fifth of its size."""
        plain = [self.html, self.tree, self.tree_cut, self.file_names, self.checksums]
        return zlib.compress(json.dumps(plain, separators=(",", ":")).encode(), 1)

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """The body that `packed` gave; zlib.error or ValueError if it is damaged."""
        return cls(*json.loads(zlib.decompress(packed)))


def make_body(
    html: str,
    found: metadata.Metadata | None,
    checksums: Sequence[dict[str, str]] = (),
    blocked: Blocked = NONE,
) -> Body:
    """Of a text, of what a probe found, and of what its publisher vouches for; the latter two
    without the `blocked` hashes."""
    files = found.files if found else ()
    shallow = tuple(file for file in files if file.path.count("/") < LISTED_DEPTH)
    shown = shallow[:LISTED_FILES]
    # Folders show the size of all that is in them, listed or not.
    tree = _listed(
        metadata.tree(tuple(map(_within_depth, files))), {file.path for file in shown}, ""
    )
    names = [words(file.path.rpartition("/")[2], blocked) for file in files[:NAMED_FILES]]
    cut = (found.file_count if found else 0) - len(shown)
    return Body(html, _masked(tree, blocked), cut, names, _unblocked(checksums, blocked))


def _within_depth(file: metadata.File) -> metadata.File:
    """The same; one that lies too deep to be listed as a file of the last folder that is, whose size
    tells of it."""
    folders = file.path.split("/")[:-1]
    if len(folders) < LISTED_DEPTH:
        return file
    return metadata.File("/".join([*folders[: LISTED_DEPTH - 1], _BELOW]), file.size)


def _masked(nodes: list[dict[str, Any]], blocked: Blocked) -> list[dict[str, Any]]:
    """A tree whose names show none of these hashes, and links as texts do."""
    for node in nodes:
        node["name"] = words(node["name"], blocked)
        _masked(node.get("children", []), blocked)
    return nodes


def _unblocked(checksums: Sequence[dict[str, str]], blocked: Blocked) -> list[dict[str, str]]:
    """Those that are no hash of these, and are of no file named after one, or after a link that
    may not be shown as it is."""
    said = ((each, f"{each['value']} ; {each.get('file') or ''}") for each in checksums)
    return [each for each, text in said if words(text, blocked) == text]


def source_digest(row: Resource, blocked: Blocked = NONE) -> str:
    """Digest of all that a body is made from: another one asks for making it anew."""
    trackers = " ".join(settings.GHOST.default_trackers)
    sums = json.dumps([row.checksums, sorted(blocked)], sort_keys=True)
    parts = (
        row.magnet_uri,
        row.other_hash,
        str(row.is_private),
        trackers,
        row.magnet_hash,
        str(row.probed_at),
        sums,
        row.content_markdown,
    )
    return digest(_renderer() + "\0".join(parts).encode(errors="surrogatepass"))


def _listed(nodes: list[metadata.Node], shown: set[str], prefix: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for node in nodes:
        path = prefix + node["name"]
        item: dict[str, Any] = {"name": node["name"], "size": sizes.human(node["size"])}
        if "children" not in node:
            found += [item] if path in shown else []
        else:
            children = _listed(node["children"], shown, path + "/")
            if children or any(child["name"] == _BELOW for child in node["children"]):
                found.append({**item, "children": children})
    return found


@cache
def _renderer() -> bytes:
    """Another program renders anew."""
    packages = " ".join([VERSION, *(version(name) for name in ("markdown-it-py", "nh3"))])
    sources = (markdown, mentions, info_hashes, entry)
    code = (*(each.__file__ for each in sources), __file__)
    return packages.encode() + b"".join(Path(str(file)).read_bytes() for file in code)
