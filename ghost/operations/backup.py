"""Backups: one file that holds everything a new machine needs, encrypted with age if asked.

An archive `ghost-<UTC time>.tar.gz` (`.age` when GHOST_AGE_RECIPIENT is set) holds a consistent
snapshot of the database (SQLite's online backup), probed metadata, covers, and `manifest.json`
with the SHA-256 of every file. Keys (the tokens' pepper, the session key) go in only when it is
encrypted.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import pyrage
from django.conf import settings

from ghost.core.errors import OutageError, RefusedError

DATABASE = "db/ghost.db"
SECRETS = "secrets"
MANIFEST = "manifest.json"
IS_OURS = "SELECT count(*) FROM sqlite_master WHERE name = 'resources_resource'"
STAMP = "%Y%m%dT%H%M%S%fZ"


@dataclass(frozen=True)
class ArchivedFile:
    """One file of an archive: path inside, size in bytes, SHA-256 in hex."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Archive:
    """A backup as a file on the disk: when it was made, and its size in bytes."""

    path: Path
    created_at: datetime
    bytes: int
    is_encrypted: bool


def create() -> Archive:
    """Write a new backup and drop the oldest beyond GHOST_BACKUP_KEEP.

    RefusedError on PostgreSQL.
    """
    _require_file()
    folder: Path = settings.GHOST.backup_dir
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    now = datetime.now(UTC)
    suffix = ".tar.gz.age" if settings.GHOST.age_recipient else ".tar.gz"
    target = folder / f"ghost-{now:{STAMP}}{suffix}"
    with _told(folder), tempfile.TemporaryDirectory(dir=folder, prefix=".backup-") as scratch:
        plain = Path(scratch) / "ghost.tar.gz"
        _write_archive(plain, Path(scratch), now)
        finished = _encrypted(plain) if settings.GHOST.age_recipient else plain
        finished.chmod(0o600)
        finished.replace(target)
    for old in list_all()[settings.GHOST.backup_keep :]:
        old.path.unlink(missing_ok=True)
    return _archive(target)


def list_all() -> list[Archive]:
    """The backups in GHOST_BACKUP_DIR, newest first."""
    found = settings.GHOST.backup_dir.glob("ghost-*.tar.gz*")
    return sorted((_archive(p) for p in found), key=lambda a: a.created_at, reverse=True)


def verify(path: Path) -> int:
    """Read a backup whole and prove it; how many files it holds.

    RefusedError if it can't be read, is not complete, or its database is damaged.
    """
    with _unpacked(path) as (_, entries):
        return len(entries)


def restore(path: Path) -> list[Path]:
    """Put a backup in place of what is there; where the former state was moved to.

    Nothing is touched before the whole backup was verified. RefusedError while a worker, or a
    request just then, has the database open.
    """
    _require_file()
    with _unpacked(path) as (folder, _):
        _require_nobody(settings.GHOST.db_path)
        stamp = f"{datetime.now(UTC):{STAMP}}"
        kept = [_replace_database(folder / DATABASE, stamp)]
        kept += [
            _replace_folder(folder / name, target, stamp)
            for name, target in _folders().items()
            if (folder / name).is_dir()
        ]
    return [p for p in kept if p is not None]


def _require_file() -> None:
    if settings.GHOST.database_url:
        raise RefusedError(
            "With PostgreSQL, Ghost makes and restores no backups yet: use pg_dump and pg_restore"
            " for the database, and copy the folders that GHOST_MAGNET_METADATA_DIR,"
            " GHOST_COVER_DIR and GHOST_SECRETS_DIR name."
        )


def _folders() -> dict[str, Path]:
    """Folder in the archive → folder on disk."""
    return {
        "metadata": settings.GHOST.magnet_metadata_dir,
        "covers": settings.GHOST.cover_dir,
        SECRETS: settings.GHOST.secrets_dir,
    }


def _archive(path: Path) -> Archive:
    stamp = path.name.removeprefix("ghost-").partition(".")[0]
    try:
        created_at = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:  # renamed by hand
        created_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Archive(path, created_at, path.stat().st_size, path.suffix == ".age")


# -- writing


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """A full disk and its like are the world's fault, not a bug."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise OutageError(f"The backup could not be written to {folder}: {error}.") from error


def _write_archive(plain: Path, scratch: Path, now: datetime) -> None:
    snapshot = scratch / "ghost.db"
    _copy_database(settings.GHOST.db_path, snapshot)
    entries = []
    with tarfile.open(plain, "w:gz", compresslevel=6) as tar:
        entries.append(_add(tar, snapshot, DATABASE))
        for name, folder in _folders().items():
            if name != SECRETS or settings.GHOST.age_recipient:
                entries += _add_all(tar, name, folder)
        manifest = {"created_at": now.isoformat(), "files": [asdict(e) for e in entries]}
        listing = scratch / MANIFEST
        listing.write_text(json.dumps(manifest, indent=1))
        tar.add(listing, MANIFEST)


def _add_all(tar: tarfile.TarFile, name: str, folder: Path) -> list[ArchivedFile]:
    entries = []
    for path in _files(folder):
        with suppress(FileNotFoundError):  # removed since it was listed
            entries.append(_add(tar, path, f"{name}/{path.name}"))
    return entries


def _files(folder: Path) -> list[Path]:
    # Names that start with a dot are being written by somebody (ghost.core.io.files.write_atomic).
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(p for p in found if p.is_file() and not p.name.startswith("."))


def _copy_database(source: Path, target: Path) -> None:
    if not source.exists():
        raise OutageError("There is no database to back up yet.")
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # a copy travels as one file


def _add(tar: tarfile.TarFile, path: Path, name: str) -> ArchivedFile:
    info = tarfile.TarInfo(name)
    with path.open("rb") as stream:
        info.size = os.fstat(stream.fileno()).st_size  # the file may be replaced meanwhile
        info.mode = 0o600
        reader = _Hashing(stream)
        tar.addfile(info, reader)  # type: ignore[arg-type]  # it only needs read()
    return ArchivedFile(name, info.size, reader.sha256.hexdigest())


class _Hashing:
    """A stream that is hashed while it is read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.sha256 = stream, hashlib.sha256()

    def read(self, size: int) -> bytes:
        chunk = self.stream.read(size)
        self.sha256.update(chunk)
        return chunk


def _encrypted(plain: Path) -> Path:
    target = plain.with_suffix(".age")
    with plain.open("rb") as source, target.open("wb") as sink:
        pyrage.encrypt_io(source, sink, [_recipient(settings.GHOST.age_recipient)])
    plain.unlink()
    return target


def _recipient(text: str) -> Any:  # noqa: ANN401  # pyrage has no common type
    kind = pyrage.ssh if text.startswith("ssh-") else pyrage.x25519
    try:
        return kind.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise RefusedError(f"GHOST_AGE_RECIPIENT can't be used: {error}.") from error


# -- reading


@contextmanager
def _unpacked(path: Path) -> Iterator[tuple[Path, list[ArchivedFile]]]:
    """The archive in a folder that goes away, every file of its manifest checked."""
    if not path.is_file():
        raise RefusedError(f"{path.name}: there is no such file.")
    settings.GHOST.backup_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=settings.GHOST.backup_dir, prefix=".restore-") as scratch:
        folder = Path(scratch) / "files"
        try:
            with tarfile.open(_decrypted(path, Path(scratch))) as tar:
                tar.extractall(folder, members=_plain(tar), filter="data")
            entries = _check_manifest(folder)
        except (
            tarfile.TarError,
            zlib.error,
            OSError,
            ValueError,
            KeyError,
            TypeError,
            EOFError,
        ) as error:
            raise RefusedError(f"{path.name} is damaged or not a backup of Ghost.") from error
        _check_database(folder / DATABASE)
        yield folder, entries


def _plain(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Its members; ValueError for one that our archives never have, such as a link."""
    for member in tar:
        if not member.isreg():
            raise ValueError(f"{member.name} is no plain file")
        yield member


def _decrypted(path: Path, scratch: Path) -> Path:
    if path.suffix != ".age":
        return path
    target = scratch / "plain.tar.gz"
    with path.open("rb") as source, target.open("wb") as sink:
        try:
            pyrage.decrypt_io(source, sink, _identities())
        except pyrage.DecryptError as error:
            raise RefusedError(f"{path.name} can't be decrypted: {error}.") from error
    return target


def _identities() -> list[Any]:
    path = settings.GHOST.age_identity_file
    if path is None or not path.is_file():
        raise RefusedError(
            "The backup is encrypted: let GHOST_AGE_IDENTITY_FILE name the file with its key."
        )
    text = path.read_text()
    try:
        if "PRIVATE KEY" in text:
            return [pyrage.ssh.Identity.from_buffer(text.encode())]
        lines = [line.strip() for line in text.splitlines()]
        return [pyrage.x25519.Identity.from_str(x) for x in lines if x and not x.startswith("#")]
    except pyrage.IdentityError as error:
        raise RefusedError(f"GHOST_AGE_IDENTITY_FILE has no usable key: {error}.") from error


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
            (answer,) = database.execute("PRAGMA integrity_check").fetchone()
            (tables,) = database.execute(IS_OURS).fetchone()
    except sqlite3.DatabaseError as error:
        raise RefusedError(f"The backup's database can't be read: {error}.") from error
    if answer != "ok":
        raise RefusedError(f"The backup's database is damaged: {answer}.")
    if not tables:
        raise RefusedError("The backup's database is not one of Ghost.")


# -- putting back


def _require_nobody(database: Path) -> None:
    if not database.exists():
        return
    with closing(sqlite3.connect(database, timeout=1)) as alone:
        try:
            # Leaving WAL mode needs the database for oneself. Ghost goes back to it by itself.
            alone.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            raise RefusedError("The database is in use: stop web and worker first.") from error


def _replace_database(source: Path, stamp: str) -> Path | None:
    target: Path = settings.GHOST.db_path
    target.parent.mkdir(parents=True, exist_ok=True)
    kept = None
    if target.exists():
        kept = target.with_name(f"{target.name}.replaced-{stamp}")
        _copy_database(target, kept)
    # Through SQLite itself, so that a process which still has it open sees one state or the other.
    with closing(sqlite3.connect(source)) as backup, closing(sqlite3.connect(target)) as live:
        backup.backup(live)
    return kept


def _replace_folder(source: Path, target: Path, stamp: str) -> Path | None:
    kept = None
    if target.exists():
        kept = target.with_name(f"{target.name}.replaced-{stamp}")
        target.rename(kept)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(source, target)
    return kept
