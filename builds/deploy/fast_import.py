"""What git's importers read: pure functions of the site.

Blobs go through git-fast-import, which finds those that are there already and stores pages that
resemble each other as deltas. Its trees are lists that are searched from the start, so a folder of
100,000 takes minutes: trees of whole sites are made here, and go through git-index-pack.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from builds.deploy.target import Site

BRANCH = "refs/ghost/next"
_FILE, _FOLDER = b"100644", b"40000"
_TREE = 2
"""gitformat-pack(5): the type of an object."""


@dataclass(frozen=True)
class Signature:
    """Who commits, and when (seconds since 1970, UTC)."""

    name: str
    email: str
    at: int

    @property
    def line(self) -> bytes:
        """The committer as git-fast-import(1) takes it."""
        return f"committer {self.name} <{self.email}> {self.at} +0000\n".encode()


def changed(
    site: Site, extra: Mapping[str, bytes | None], base: str, by: Signature, message: str
) -> Iterator[bytes]:
    """A root commit of the tree `base` with the site's changes; its hash is printed.

    `extra`: files of the branch that the site has not, None for those that must not be there.
    """
    words = message.encode()
    yield b"feature done\ncommit %s\nmark :1\n" % BRANCH.encode()
    yield by.line + b"data %d\n%s\n" % (len(words), words)
    yield b'M 040000 %s ""\n' % base.encode()
    there, gone = site.split()
    for path in gone:
        if path not in extra:
            yield b"D %s\n" % _quoted(path)
    for path in there:
        if path not in extra:
            yield _modify(path, site.read(path))
    for path, body in extra.items():
        yield b"D %s\n" % _quoted(path) if body is None else _modify(path, body)
    yield b"get-mark :1\ndone\n"


def _modify(path: str, body: bytes) -> bytes:
    return b"M 100644 inline %s\ndata %d\n%s\n" % (_quoted(path), len(body), body)


def _quoted(path: str) -> bytes:
    shown = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return b'"%s"' % shown.encode(errors="surrogateescape")


@dataclass
class Whole:
    """The whole site: `blobs()` has to be read to its end, then there are trees."""

    site: Site
    extra: Mapping[str, bytes | None]
    files: int = 0
    root: str = ""
    _trees: dict[bytes, bytes] = field(default_factory=dict)
    _folders: dict[str, list[tuple[bytes, bytes, bytes]]] = field(default_factory=dict)

    def blobs(self) -> Iterator[bytes]:
        """The site's files as a stream for git-fast-import(1)."""
        yield b"feature done\n"
        for path, body in self._bodies():
            self._folders.setdefault(path.rpartition("/")[0], []).append(_entry(path, body))
            self.files += 1
            yield b"blob\ndata %d\n%s\n" % (len(body), body)
        yield b"done\n"
        self._grow()

    def _bodies(self) -> Iterator[tuple[str, bytes]]:
        for path in self.site.paths():
            if path not in self.extra:
                yield path, self.site.read(path)
        for path, body in self.extra.items():
            if body is not None:
                yield path, body

    def _grow(self) -> None:
        """Trees from the leaves to the root: each hangs in that of the folder above."""
        folders = {folder for path in self._folders for folder in _above(path)}
        for folder in sorted(folders, key=lambda path: path.count("/"), reverse=True):
            above, _, name = folder.rpartition("/")
            # git sorts a folder as if its name ended so
            key = name.encode(errors="surrogateescape") + b"/"
            self._folders.setdefault(above, []).append((key, _FOLDER, self._tree(folder)))
        self.root = self._tree("").hex()

    def _tree(self, folder: str) -> bytes:
        entries = sorted(self._folders.pop(folder, []))
        body = b"".join(b"%s %s\0%s" % (mode, key.rstrip(b"/"), oid) for key, mode, oid in entries)
        oid = _sha1(b"tree", body)
        self._trees[oid] = body
        return oid

    def pack(self) -> Iterator[bytes]:
        """The folders as a pack (gitformat-pack(5)) for git-index-pack(1)."""
        seen = hashlib.sha1(usedforsecurity=False)
        for part in self._parts():
            seen.update(part)
            yield part
        yield seen.digest()

    def _parts(self) -> Iterator[bytes]:
        yield struct.pack(">4sII", b"PACK", 2, len(self._trees))
        for body in self._trees.values():
            yield _head(_TREE, len(body)) + zlib.compress(body, 1)


def _entry(path: str, body: bytes) -> tuple[bytes, bytes, bytes]:
    name = path.rpartition("/")[2].encode(errors="surrogateescape")
    return name, _FILE, _sha1(b"blob", body)


def _above(path: str) -> Iterable[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]


def _sha1(kind: bytes, body: bytes) -> bytes:
    head = b"%s %d\0" % (kind, len(body))
    return hashlib.sha1(head + body, usedforsecurity=False).digest()


def _head(kind: int, size: int) -> bytes:
    """Type and size of an object in a pack: four bits of the size, then seven each."""
    first, size = kind << 4 | size & 15, size >> 4
    found = bytearray()
    while size:
        found.append(first | 0x80)
        first, size = size & 0x7F, size >> 7
    return bytes([*found, first])
