"""Writing a backup."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from ghost.core.errors import OutageError
from ghost.core.io.files import PRIVATE_FILE
from ghost.operations import reasons
from ghost.operations.backups import archive, encryption, table_choices
from ghost.operations.backups.archive import (
    DATABASE,
    MANIFEST,
    SECRETS,
    STAMP,
    Archive,
    ArchivedFile,
)


def create() -> Archive:
    """Write a new backup and drop the oldest beyond GHOST_BACKUP_KEEP.

    RefusedError on PostgreSQL, or if the configuration does not allow it; OutageError without room.
    """
    archive.require_file_database()
    now, is_encrypted = datetime.now(UTC), bool(settings.GHOST.age_recipient)
    name = f"ghost-{now:{STAMP}}.tar.gz{'.age' if is_encrypted else ''}"
    target = settings.GHOST.backup_dir / name
    with archive.disk_errors():
        needed = _needed_bytes(is_encrypted=is_encrypted)
    with archive.scratch(needed) as scratch:
        finished = plain = scratch / "ghost.tar.gz"
        _write(plain, scratch, now, is_encrypted=is_encrypted)
        if is_encrypted:
            finished = scratch / "ghost.tar.gz.age"
            encryption.encrypt(plain, finished)
        finished.chmod(PRIVATE_FILE)
        finished.replace(target)
        for old in archive.list_all()[settings.GHOST.backup_keep :]:
            old.path.unlink(missing_ok=True)
    return archive.of(target)


def _needed_bytes(*, is_encrypted: bool) -> int:
    """Roughly: a copy of the database, the archive (text shrinks to a half at least, pictures don't
    at all), and that once more where it is encrypted."""
    database = sum(_size(path) for path in (settings.GHOST.db_path, _wal()))
    others = sum(_size(path) for folder in archive.folders().values() for path in _files(folder))
    return database + (database // 2 + others) * (1 + is_encrypted)


def _wal() -> Path:
    path: Path = settings.GHOST.db_path
    return path.with_name(f"{path.name}-wal")


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _write(plain: Path, scratch: Path, now: datetime, *, is_encrypted: bool) -> None:
    snapshot = scratch / "ghost.db"
    _copy_database(settings.GHOST.db_path, snapshot)
    with closing(sqlite3.connect(snapshot)) as copy:
        table_choices.apply(copy, is_encrypted=is_encrypted)
    with tarfile.open(plain, "w:gz", compresslevel=6) as tar:
        entries = [_add(tar, snapshot, DATABASE)]
        snapshot.unlink()
        for name, folder in archive.folders().items():
            if name != SECRETS:
                entries += _add_all(tar, name, folder)
        entries += _add_secrets(tar) if is_encrypted else []
        manifest = {"created_at": now.isoformat(), "files": [asdict(e) for e in entries]}
        _add_bytes(tar, MANIFEST, json.dumps(manifest, indent=1).encode())


def _copy_database(source: Path, target: Path) -> None:
    """One moment's view of it (https://www.sqlite.org/lang_vacuum.html#vacuum_into), without the free
    pages, in which deleted rows may still stand."""
    if not source.exists():
        raise OutageError(reasons.BACKUP_NO_DATABASE())
    with closing(sqlite3.connect(source, isolation_level=None)) as live:
        live.execute("VACUUM INTO ?", [str(target)])


def _add_secrets(tar: tarfile.TarFile) -> Iterator[ArchivedFile]:
    """The keys in force, wherever they came from, and what else lies in GHOST_SECRETS_DIR."""
    keys = _keys()
    for path in _files(settings.GHOST.secrets_dir):
        if path.name not in keys:
            with suppress(FileNotFoundError):
                yield _add(tar, path, f"{SECRETS}/{path.name}")
    for name, value in sorted(keys.items()):
        yield _add_bytes(tar, f"{SECRETS}/{name}", value.encode())


def _keys() -> dict[str, str]:
    ghost = settings.GHOST
    found = {"secret_key": settings.SECRET_KEY, "token_pepper": settings.TOKEN_PEPPER}
    earlier = ghost.earlier_token_pepper or ghost.token_pepper
    if earlier is not None:
        found["earlier_token_pepper"] = earlier.get_secret_value()
    if "token_salt" in ghost.model_fields_set:
        found["token_salt"] = ghost.token_salt.get_secret_value()
    return found


def _add_all(tar: tarfile.TarFile, name: str, folder: Path) -> Iterator[ArchivedFile]:
    for path in _files(folder):
        with suppress(FileNotFoundError):  # removed since it was listed
            yield _add(tar, path, f"{name}/{path.name}")


def _files(folder: Path) -> list[Path]:
    # Names that start with a dot are being written by somebody (ghost.core.io.files.write_atomic).
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(p for p in found if p.is_file() and not p.name.startswith("."))


def _add(tar: tarfile.TarFile, path: Path, name: str) -> ArchivedFile:
    with path.open("rb") as stream:
        # The file may be replaced meanwhile.
        return _add_stream(tar, name, stream, os.fstat(stream.fileno()).st_size)


def _add_bytes(tar: tarfile.TarFile, name: str, body: bytes) -> ArchivedFile:
    return _add_stream(tar, name, BytesIO(body), len(body))


def _add_stream(tar: tarfile.TarFile, name: str, stream: IO[bytes], size: int) -> ArchivedFile:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, PRIVATE_FILE
    reader: Any = _Hashing(stream)  # tarfile only needs read()
    tar.addfile(info, reader)
    return ArchivedFile(name, info.size, reader.sha256.hexdigest())


class _Hashing:
    """A stream that is hashed while it is read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.sha256 = stream, hashlib.sha256()

    def read(self, size: int) -> bytes:
        chunk = self.stream.read(size)
        self.sha256.update(chunk)
        return chunk
