"""Info sections, read strictly (BEP 3, 47, 52).

The one reader of them, whether a `.torrent` file brought them or a peer, so that both give the same
names. libtorrent judges beforehand what a peer sends; on every sound torrent they agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from ghost.core.errors import RefusedError
from resources.torrents import bencode, encodings
from resources.torrents.sanitize import MAX_FILES, Torrent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from resources.torrents.bencode import Value

    Dictionary = dict[bytes, Value]

BLOCK_BYTES = 16 << 10
"""The smallest piece of a v2 torrent."""
MAX_PIECE_BYTES = 1 << 29
MAX_SIZE_BYTES = (1 << 48) - 1
"""Of one file, as libtorrent has it."""
MAX_PARTS = 100
"""Of one path."""
MAX_DEPTH = MAX_PARTS + 10
"""Of what is bencoded: folders, and what is around them."""
PADDING = b"_____padding_file_"
"""How clients named pad files before BEP 47."""

Path = tuple[bytes, ...]
"""The parts of a path, as they stand in the info section."""
_Entry = tuple[Path, int]
"""A path, and a size in bytes."""


def read_raw(raw: bytes) -> Torrent:
    """What the section of these bytes says: `read` of a peer's. BencodeError too, if it has more than
    `bencode.MAX_TOKENS`, or isn't bencoded."""
    bencode.split(raw, max_bytes=len(raw))  # counts them, before anything is made of it
    info = bencode.decode(raw, max_bytes=len(raw), max_depth=MAX_DEPTH)
    if not isinstance(info, dict):
        raise _refused(_("it has no info section"))
    return read(info, raw)


def read(info: Dictionary, raw: bytes, encoding: str = "") -> Torrent:
    """What the section `info` says, of which `raw` are the bytes; RefusedError if it is not sound.

    Names are in the `encoding` that its file declares, if any, or else in the one that is most
    likely for all of them. Of more than MAX_FILES files the first are kept; the count and the size
    are of all.
    """
    entries = files(info)
    size = sum(size for _path, size in entries)
    if not size:
        raise _refused(_("it has no content"))
    name, kept = _name(info), entries[:MAX_FILES]
    text = _reader({name, *(part for path, _size in kept for part in path)}, encoding)
    return Torrent(
        name=text(name),
        files=tuple((_joined([text(part) for part in path]), size) for path, size in kept),
        file_count=len(entries),
        total_size_bytes=size,
        piece_length=_piece_length(info),
        info=raw,
        is_v1=_is_v1(info),
        is_v2=_is_v2(info),
    )


def files(info: Dictionary) -> list[_Entry]:
    """Path and size of each of its files but padding. Paths begin with the torrent's name: that of
    a folder, or of the one file itself. RefusedError if it is not sound."""
    name, piece_length = _name(info), _piece_length(info)
    v1 = _v1_files(info, name, piece_length) if _is_v1(info) else []
    v2 = _v2_files(info, piece_length) if _is_v2(info) else []
    if not _is_v1(info) and not _is_v2(info):
        raise _refused(_("it has neither piece hashes (v1) nor a file tree (v2)"))
    if _is_v1(info) and _is_v2(info) and sorted(v1) != sorted(v2):
        raise _refused(_("its v1 and its v2 part list different files"))
    entries = v1 or v2
    above = () if _is_one_file(info, name, entries) else (name,)
    return [(above + path, size) for path, size in entries]


def _is_v1(info: Dictionary) -> bool:
    return b"pieces" in info


def _is_v2(info: Dictionary) -> bool:
    return b"meta version" in info


def _name(info: Dictionary) -> bytes:
    found = _preferred(info, b"name")
    if isinstance(found, bytes) and found:
        return found
    raise _refused(_("it has no name"))


def _piece_length(info: Dictionary) -> int:
    match info:
        case {b"piece length": int(length)} if 0 < length <= MAX_PIECE_BYTES:
            return length
    raise _refused(_("its piece length is missing or out of bounds"))


# -- v1 (BEP 3)


def _v1_files(info: Dictionary, name: bytes, piece_length: int) -> list[_Entry]:
    """Its files without padding, which counts for the pieces."""
    entries, total = list[_Entry](), 0
    for path, size, is_pad in _v1_listed(info, name):
        total += size
        if not is_pad:
            entries.append((path, size))
    match info[b"pieces"]:
        case bytes(pieces) if len(pieces) == -(-total // piece_length) * 20:
            return entries
    raise _refused(_("the number of its piece hashes does not match its size"))


def _v1_listed(info: Dictionary, name: bytes) -> Iterator[tuple[Path, int, bool]]:
    match info.get(b"length"), info.get(b"files"):
        case int(size), None:
            yield (name,), _sized(size), False
        case None, list(entries) if entries:
            yield from map(_v1_entry, entries)
        case _:
            raise _refused(_("it has no list of files"))


def _v1_entry(entry: Value) -> tuple[Path, int, bool]:
    if not isinstance(entry, dict):
        raise _refused(_("its list of files is broken"))
    parts = _parts(_preferred(entry, b"path"))
    attributes = _attributes(entry)
    # A symbolic link has no content, and often no length (BEP 47).
    size = 0 if b"l" in attributes else _sized(entry.get(b"length"))
    return parts, size, b"p" in attributes or parts[-1].startswith(PADDING)


def _parts(path: Value | None) -> Path:
    given = path if isinstance(path, list) else []
    parts = tuple(part for part in given if isinstance(part, bytes))
    if len(parts) != len(given) or not any(parts):
        raise _refused(_("a file in it has no path"))
    if len(parts) > MAX_PARTS:
        told = _("a path in it has %(number)d parts, and may have at most %(most)d")
        raise _refused(told % {"number": len(parts), "most": MAX_PARTS})
    return parts


def _attributes(entry: Dictionary) -> bytes:
    found = entry.get(b"attr", b"")
    return found if isinstance(found, bytes) else b""


# -- v2 (BEP 52)


def _v2_files(info: Dictionary, piece_length: int) -> list[_Entry]:
    if info[b"meta version"] != 2:
        raise _refused(_("its version is not supported"))
    if piece_length < BLOCK_BYTES or piece_length & (piece_length - 1):
        raise _refused(_("its piece length is not a power of two of at least 16 KiB"))
    match info.get(b"file tree"):
        case dict(tree) if tree:
            return list(_leaves(tree))
    raise _refused(_("it has no file tree"))


def _leaves(tree: Dictionary, above: Path = ()) -> Iterator[_Entry]:
    """Its depth is bounded by the decoder."""
    for part, below in tree.items():
        if not part or not isinstance(below, dict) or not below:
            raise _refused(_("its file tree is broken"))
        match below.get(b""):
            case dict(leaf) if len(below) == 1:
                yield (*above, part), _leaf_size(leaf)
            case None:
                yield from _leaves(below, (*above, part))
            case _:
                raise _refused(_("its file tree is broken"))


def _leaf_size(leaf: Dictionary) -> int:
    if b"l" in _attributes(leaf):
        return 0
    size = _sized(leaf.get(b"length"))
    match leaf.get(b"pieces root"):
        case bytes(root) if len(root) == 32 and size:
            return size
        case None if not size:
            return size
    raise _refused(_("a file in it has no root hash"))


# -- both


def _sized(size: Value | None) -> int:
    if isinstance(size, int) and 0 <= size <= MAX_SIZE_BYTES:
        return size
    raise _refused(_("the size of a file in it is missing or out of bounds"))


def _is_one_file(info: Dictionary, name: bytes, entries: list[_Entry]) -> bool:
    """Whether the torrent's name is that of its one file, and not of a folder."""
    if _is_v1(info):
        return b"length" in info
    return [path for path, _size in entries] == [(name,)]


class _Utf8(bytes):
    """A name that stands where UTF-8 is asked for, and is."""


def _preferred(info: Dictionary, key: bytes) -> Value | None:
    """What stands under the key with `.utf-8` if it is sound, or else under the key itself."""
    match info.get(key + b".utf-8"):
        case bytes(name) if name and _is_utf8(name):
            return _Utf8(name)
        case list([_, *_] as parts) if all(isinstance(p, bytes) and _is_utf8(p) for p in parts):
            return [_Utf8(part) for part in parts if isinstance(part, bytes)]
    return info.get(key)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _reader(names: set[bytes], declared: str) -> Callable[[bytes], str]:
    """How these names become texts."""
    sure = {n for n in names if isinstance(n, _Utf8) or encodings.is_surely_utf_8(n)}
    encoding = encodings.of(sorted(names - sure), declared)

    def text(name: bytes) -> str:
        return encodings.decoded(name, "utf-8" if name in sure else encoding)

    return text


def _joined(parts: list[str]) -> str:
    """The path with `/`. Some clients of Windows wrote folders into a name; never into the first,
    which is the torrent's."""
    parts = [part.replace("/", "_") for part in parts]
    return "/".join([parts[0].replace("\\", "_"), *parts[1:]])


def _refused(reason: str) -> RefusedError:
    return RefusedError(_("This is not a sound .torrent file: %s.") % reason, field="torrent")
