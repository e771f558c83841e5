"""Names in an info section that lead out of the folder in which a client puts the torrent, or to a device.

What Ghost shows is cleaned (`sanitize`); the section itself can't be, since its bytes are the torrent's
identity. So a `.torrent` file of one with such names is not made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from resources.torrents import bencode
from resources.torrents.bencode import BencodeError, Value

_LEADS_OUT = re.compile(
    rb"\A[/\\]|\A[A-Za-z]:(?! )|(?:\A|[/\\]) *\.\. *(?:[/\\]|\Z)|\0"
    rb"|\A(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)(?:[1-9]|\xc2[\xb9\xb2\xb3]))[ .]*\Z",
    re.IGNORECASE,
)
"""`/abs`, `\\abs`, `C:x` (not `Q: a film`), `..` as a part of a path, with blanks as well, which Windows drops, and names that Windows
reserves for devices."""
_NAMES = (b"name", b"name.utf-8")
_PATHS = (b"path", b"path.utf-8", b"symlink path")


def first(info: bytes) -> str:
    """The first such name of an info section, for people to read; empty if there is none."""
    try:
        section = bencode.decode(info, max_bytes=len(info) or 1, max_depth=200)
    except BencodeError:
        return ""
    names = _names(section) if isinstance(section, dict) else iter(())
    found = next((name for name in names if _LEADS_OUT.search(name)), b"")
    return found.decode("utf-8", "replace").replace("\0", "\ufffd")


def _names(section: dict[bytes, Value]) -> Iterator[bytes]:
    """Every name that a client may make a file or a folder of."""
    yield from (value for key in _NAMES if isinstance(value := section.get(key), bytes))
    files = section.get(b"files")
    for entry in files if isinstance(files, list) else ():
        if isinstance(entry, dict):
            for key in _PATHS:
                path = entry.get(key)
                yield from (
                    (p for p in path if isinstance(p, bytes)) if isinstance(path, list) else ()
                )
    tree = section.get(b"file tree")
    if isinstance(tree, dict):
        yield from _of_tree(tree)


def _of_tree(tree: dict[bytes, Value]) -> Iterator[bytes]:
    for name, below in tree.items():
        yield name
        if isinstance(below, dict) and name:
            yield from _of_tree(below)
