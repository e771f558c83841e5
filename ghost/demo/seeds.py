"""Torrents made here, with the content that they describe. Same content, same info-hash."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import libtorrent as lt

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PIECE_BYTES = 16 * 1024


class Version(StrEnum):
    """Which BitTorrent a torrent speaks (BEP 3, BEP 52)."""

    V1 = "v1"
    HYBRID = "hybrid"
    V2 = "v2"


_FLAGS = {
    Version.V1: lt.create_torrent.v1_only,
    Version.HYBRID: 0,
    Version.V2: lt.create_torrent.v2_only,
}


@dataclass(frozen=True)
class Seed:
    """One torrent: its file, its content's folder, and the truth about it. Sizes in bytes."""

    name: str
    version: Version
    body: bytes
    save_path: Path
    files: tuple[tuple[str, int], ...]
    v1: str | None
    v2: str | None

    @property
    def magnet_uri(self) -> str:
        """The bare link: hashes alone."""
        topics = [f"xt=urn:btih:{self.v1}"] if self.v1 else []
        topics += [f"xt=urn:btmh:1220{self.v2}"] if self.v2 else []
        return "magnet:?" + "&".join(topics)

    @property
    def dht_keys(self) -> tuple[str, ...]:
        """The 40-digit keys under which its peers are found in the DHT."""
        return tuple(digits[:40] for digits in (self.v1, self.v2) if digits)

    @property
    def total_size_bytes(self) -> int:
        """Sum of its files' sizes."""
        return sum(size for _, size in self.files)


def make(save_path: Path, name: str, contents: Mapping[str, bytes], version: Version) -> Seed:
    """Write `contents` and describe them as a torrent."""
    write(save_path, name, contents)
    paths = {_path(name, path): body for path, body in sorted(contents.items())}
    # Given in order, since the order in which a folder lists them is not the same everywhere.
    entries = [lt.create_file_entry(path, len(body)) for path, body in paths.items()]
    torrent = lt.create_torrent(entries, PIECE_BYTES, _FLAGS[version])
    lt.set_piece_hashes(torrent, str(save_path))
    return _seed(name, version, lt.bencode(torrent.generate()), save_path, paths)


def write(save_path: Path, name: str, contents: Mapping[str, bytes]) -> None:
    """Put files under `save_path`, by their path below `name`; the one path "" is `name` itself."""
    for relative, body in contents.items():
        path = save_path / _path(name, relative)
        if not path.is_file() or path.read_bytes() != body:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)


def read(save_path: Path, name: str) -> dict[str, bytes]:
    """The files below `name` with their bytes, as `write` put them there."""
    root = save_path / name
    if root.is_file():
        return {"": root.read_bytes()}
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def _path(name: str, relative: str) -> str:
    return f"{name}/{relative}" if relative else name


def _seed(
    name: str, version: Version, body: bytes, save_path: Path, paths: Mapping[str, bytes]
) -> Seed:
    hashes = lt.load_torrent_buffer(body).info_hashes
    return Seed(
        name=name,
        version=version,
        body=body,
        save_path=save_path,
        files=tuple((path, len(content)) for path, content in paths.items()),
        v1=hashes.v1.to_bytes().hex() if hashes.has_v1() else None,
        v2=hashes.v2.to_bytes().hex() if hashes.has_v2() else None,
    )
