"""Reading a backup whole: what proves it, and what a restore begins with."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import sqlite3
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ghost.core.errors import OutageError, RefusedError
from ghost.core.io.files import PRIVATE_FILE
from ghost.operations import reasons
from ghost.operations.backups import archive, encryption
from ghost.operations.backups.archive import DATABASE, MANIFEST, ArchivedFile

IS_OURS = "SELECT count(*) FROM sqlite_master WHERE name = 'resources_resource'"
IS_ALIEN = "SELECT count(*) FROM sqlite_master WHERE type NOT IN ('table', 'index')"
"""Triggers and views would run with what Ghost does later; it has none."""


def verify(path: Path) -> int:
    """Read a backup whole and prove it; how many files it holds.

    RefusedError if it can't be read, is not complete, or its database is damaged; OutageError if
    there is no room to unpack it.
    """
    with unpacked(path) as (_, entries):
        count = len(entries)
    archive.note_proof(path)
    return count


@contextmanager
def unpacked(path: Path) -> Iterator[tuple[Path, list[ArchivedFile]]]:
    """The archive in a folder that goes away, every file of its manifest checked."""
    if not path.is_file():
        raise RefusedError(reasons.BACKUP_MISSING(name=path.name))
    with archive.scratch(path.stat().st_size) as scratch:
        folder = scratch / "files"
        tarball = _decrypted(path, scratch)
        try:
            with tarfile.open(tarball) as tar:
                room_bytes = shutil.disk_usage(scratch).free
                tar.extractall(folder, members=_plain(tar, room_bytes), filter="data")
            entries = _check_manifest(folder)
        except _DAMAGED as error:
            raise RefusedError(reasons.BACKUP_DAMAGED(name=path.name)) from error
        _check_database(folder / DATABASE)
        yield folder, entries


_DAMAGED = (
    tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError, ValueError, KeyError, TypeError,
    RecursionError, FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError,
)  # fmt: skip
"""Other errors are the disk's."""
_OURS = re.compile(rf"{DATABASE}|{MANIFEST}|(metadata|covers|secrets)/[^/]+")


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
        room_bytes -= member.size
        if room_bytes < 0:
            raise OutageError(reasons.BACKUP_NO_ROOM_TO_UNPACK())
        yield member.replace(mode=PRIVATE_FILE, deep=False)


def _check_manifest(folder: Path) -> list[ArchivedFile]:
    listed = json.loads((folder / MANIFEST).read_text())["files"]
    entries = [ArchivedFile(**entry) for entry in listed]
    present = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    if present != {MANIFEST, *(e.path for e in entries)}:
        raise ValueError("files and manifest differ")
    for entry in entries:
        with (folder / entry.path).open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != entry.sha256:
                raise ValueError(f"{entry.path} was changed")
    return entries


def _check_database(path: Path) -> None:
    try:
        with closing(sqlite3.connect(path)) as database:
            (tables,) = database.execute(IS_OURS).fetchone()
            (aliens,) = database.execute(IS_ALIEN).fetchone()
            (answer,) = database.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise RefusedError(reasons.BACKUP_BAD_DATABASE(reason=str(error))) from error
    if answer != "ok":
        raise RefusedError(reasons.BACKUP_BAD_DATABASE(reason=str(answer)))
    if not tables or aliens:
        raise RefusedError(reasons.BACKUP_FOREIGN())
