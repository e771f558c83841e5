"""Writing a backup."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from ghost.core.config.version import VERSION
from ghost.core.io.files import PRIVATE_FILE
from ghost.operations.backups import archive, databases, encryption
from ghost.operations.backups.archive import SECRETS, Archive, Kind
from ghost.operations.backups.manifest import MANIFEST, ArchivedFile, Manifest


def write(kind: Kind = Kind.FULL) -> Archive:
    """Write a new backup into GHOST_BACKUP_DIR.

    RefusedError if the configuration does not allow it; OutageError without room.
    """
    now, is_encrypted = datetime.now(UTC), bool(settings.GHOST.age_recipient)
    target = archive.folder() / archive.name(kind, now, is_encrypted=is_encrypted)
    with archive.disk_errors():
        needed = _needed_bytes(kind, is_encrypted=is_encrypted)
    with archive.scratch(needed) as scratch:
        finished = plain = scratch / "ghost.tar.gz"
        _write(plain, scratch / "files", kind, now, is_encrypted=is_encrypted)
        if is_encrypted:
            finished = scratch / "ghost.tar.gz.age"
            encryption.encrypt(plain, finished)
        _force_to_disk(finished)
        finished.replace(target)
    return archive.of(target)


def _needed_bytes(kind: Kind, *, is_encrypted: bool) -> int:
    """Roughly: a copy of the database, the archive (text shrinks to a half at least, pictures don't
    at all), and that once more where it is encrypted."""
    size = databases.current().size_bytes()
    others = sum(_size(path) for folder in archive.folders().values() for path in _files(folder))
    if kind == Kind.SCHEMA:
        return size
    return size + (size // 2 + others) * (1 + is_encrypted)


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _force_to_disk(path: Path) -> None:
    """A power loss must not leave a name without its content."""
    path.chmod(PRIVATE_FILE)
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _write(plain: Path, folder: Path, kind: Kind, now: datetime, *, is_encrypted: bool) -> None:
    folder.mkdir()
    dumped = databases.current().dump(folder, kind, is_encrypted=is_encrypted)
    with tarfile.open(plain, "w:gz", compresslevel=6) as tar:
        entries = list(_add_database(tar, folder))
        if kind == Kind.FULL:
            for name, source in archive.folders().items():
                entries += _add_all(tar, name, source) if name != SECRETS else ()
            entries += _add_secrets(tar) if is_encrypted else ()
        _add_manifest(tar, dumped, entries, now)


def _add_database(tar: tarfile.TarFile, folder: Path) -> Iterator[ArchivedFile]:
    for path in _files(folder / "db"):
        yield _add(tar, path, f"db/{path.name}")
        path.unlink()  # the room is needed


def _add_manifest(
    tar: tarfile.TarFile, dumped: Manifest, entries: list[ArchivedFile], now: datetime
) -> None:
    whole = replace(dumped, created_at=now.isoformat(), files=entries, version=VERSION)
    _add_bytes(tar, MANIFEST, whole.body())


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
