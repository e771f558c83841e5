"""Reading a backup whole: what proves it, and what a restore begins with."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ghost.core.errors import OutageError, RefusedError
from ghost.core.io.files import PRIVATE_FILE
from ghost.operations import reasons
from ghost.operations.backups import archive, databases, encryption, manifest
from ghost.operations.backups.manifest import MANIFEST, Manifest

_DAMAGED = (
    tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError, ValueError, KeyError, TypeError,
    AttributeError, RecursionError, FileNotFoundError, FileExistsError, NotADirectoryError,
    IsADirectoryError, OverflowError,
)  # fmt: skip
"""Other errors are the disk's."""
_MOST_BYTES = 255
"""Of a name on a disk."""
_PADDING_BYTES = 1 << 20
"""Of zeros that may follow the last file: tar fills up its last record, of 10 kB mostly."""
_OURS = re.compile(
    rf"db/(ghost\.db|ghost\.pgdump|auth_user\.copy)|{MANIFEST}|(metadata|covers|secrets)/[^/]+"
)


def read_whole(path: Path) -> Manifest:
    """Read a backup to its end and compare every file with the manifest, which is returned.

    RefusedError if it can't be read, is not complete, or its database is damaged; OutageError if
    there is no room to unpack it.
    """
    with unpacked(path) as (_folder, found):
        return found


@contextmanager
def unpacked(path: Path) -> Iterator[tuple[Path, Manifest]]:
    """The archive in a folder that goes away, every file of its manifest checked."""
    if not path.is_file():
        raise RefusedError(reasons.BACKUP_MISSING(name=path.name))
    with archive.scratch(path.stat().st_size) as scratch:
        folder = scratch / "files"
        found = _unpack(path, scratch, folder)
        here = databases.current()
        if found.database == here.word:
            here.check(folder, found)
        yield folder, found


def _unpack(path: Path, scratch: Path, folder: Path) -> Manifest:
    tarball = _decrypted(path, scratch)
    try:
        with gzip.open(tarball) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
            room_bytes = shutil.disk_usage(scratch).free
            tar.extractall(folder, members=_plain(tar, room_bytes), filter="data")
            _require_end(stream)
        return manifest.check(folder)
    except _DAMAGED as error:
        raise RefusedError(reasons.BACKUP_DAMAGED(name=path.name)) from error
    finally:
        if tarball != path:
            tarball.unlink(missing_ok=True)


def _require_end(stream: gzip.GzipFile) -> None:
    """ValueError, EOFError or BadGzipFile unless the file ends as it should: gzip compares its checksum (CRC)
    when the end is read, and tar stops reading before that."""
    rest = stream.read(_PADDING_BYTES + 1)
    if len(rest) > _PADDING_BYTES or any(rest):
        raise ValueError("more follows than ends an archive")


def _decrypted(path: Path, scratch: Path) -> Path:
    if path.suffix != ".age":
        return path
    encryption.decrypt(path, scratch / "plain.tar.gz")
    return scratch / "plain.tar.gz"


def _plain(tar: tarfile.TarFile, room_bytes: int) -> Iterator[tarfile.TarInfo]:
    """Its members; ValueError for one that our archives never have, such as a link. OutageError if
    what they say of their sizes is more than there is room for: nothing is unpacked beyond that."""
    for member in tar:
        if not member.isreg() or not _OURS.fullmatch(member.name):
            raise ValueError(f"{member.name} is no file of ours")
        if len(os.fsencode(member.name.rpartition("/")[2])) > _MOST_BYTES:
            raise ValueError(f"no disk has a file of the name {member.name}")
        room_bytes -= member.size
        if room_bytes < 0:
            raise OutageError(reasons.BACKUP_NO_ROOM_TO_UNPACK())
        yield member.replace(mode=PRIVATE_FILE, deep=False)
