"""Archives as files in GHOST_BACKUP_DIR: their names, when each was proven, and the folder itself."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from ghost.core.errors import OutageError, RefusedError
from ghost.core.io import files
from ghost.operations import file_modes, reasons
from resources import sizes

DATABASE = "db/ghost.db"
SECRETS = "secrets"
MANIFEST = "manifest.json"
STAMP = "%Y%m%dT%H%M%S%fZ"
PROOFS = "verified.json"
"""In GHOST_BACKUP_DIR: when each archive was last read whole."""
SCRATCH = ".backup-"
ABANDONED_AFTER_S = 86_400


@dataclass(frozen=True)
class ArchivedFile:
    """One file of an archive: path inside, size in bytes, SHA-256 in hex."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Archive:
    """A backup as a file on the disk: when it was made and last proven, and its size in bytes."""

    path: Path
    created_at: datetime
    bytes: int
    is_encrypted: bool
    verified_at: datetime | None = None


def list_all() -> list[Archive]:
    """The backups in GHOST_BACKUP_DIR, newest first. OutageError if it can't be read."""
    place: Path = settings.GHOST.backup_dir
    proofs, found = _proofs(), []
    try:
        names = [path.name for path in place.iterdir()] if place.exists() else []
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise OutageError(reasons.BACKUP_UNREADABLE(path=str(place), reason=why)) from error
    for name in names:
        if re.fullmatch(r"ghost-.*\.tar\.gz(\.age)?", name):
            with suppress(FileNotFoundError):  # dropped meanwhile
                found.append(of(place / name, proofs.get(name)))
    return sorted(found, key=lambda archive: archive.created_at, reverse=True)


def of(path: Path, verified_at: datetime | None = None) -> Archive:
    """What its name and size say of an archive."""
    stamp = path.name.removeprefix("ghost-").partition(".")[0]
    try:
        created_at = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:  # renamed by hand
        created_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Archive(path, created_at, path.stat().st_size, path.suffix == ".age", verified_at)


def note_proof(path: Path) -> None:
    """Write down that this archive was read whole just now, if it lies where backups do."""
    folder: Path = settings.GHOST.backup_dir
    if path.resolve().parent == folder.resolve():
        proofs = _proofs() | {path.name: datetime.now(UTC)}
        kept = {
            name: f"{at:%Y-%m-%dT%H:%M:%S%z}"
            for name, at in proofs.items()
            if (folder / name).exists()
        }
        files.write_atomic(folder / PROOFS, json.dumps(kept, indent=1).encode())


def _proofs() -> dict[str, datetime]:
    try:
        listed = json.loads((settings.GHOST.backup_dir / PROOFS).read_bytes())
        return {name: datetime.fromisoformat(at) for name, at in listed.items()}
    except (OSError, ValueError, TypeError, AttributeError):  # none yet, or damaged
        return {}


# -- the folder


def folders() -> dict[str, Path]:
    """Folder in the archive → folder on disk."""
    return {
        "metadata": settings.GHOST.magnet_metadata_dir,
        "covers": settings.GHOST.cover_dir,
        SECRETS: settings.GHOST.secrets_dir,
    }


def require_file_database() -> None:
    """RefusedError on PostgreSQL."""
    if settings.GHOST.database_url:
        raise RefusedError(reasons.BACKUP_NOT_OURS())


def folder() -> Path:
    """GHOST_BACKUP_DIR, made if it is not there. RefusedError if nothing can be written there, or
    everybody could read it."""
    path: Path = settings.GHOST.backup_dir
    if file_modes.is_published(path):
        raise RefusedError(reasons.BACKUP_PUBLISHED(path=str(path)))
    try:
        files.make_folder(path, above=files.PASSABLE_FOLDER)
        with tempfile.TemporaryFile(dir=path):
            return path
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise RefusedError(reasons.BACKUP_UNWRITABLE(path=str(path), reason=why)) from error


@contextmanager
def scratch(needed_bytes: int = 0) -> Iterator[Path]:
    """A folder in GHOST_BACKUP_DIR that goes away. OutageError if the disk has less room, or is
    full later."""
    place = folder()
    _sweep(place)
    free = shutil.disk_usage(place).free
    if free < needed_bytes:
        needed = sizes.human(needed_bytes)
        raise OutageError(reasons.BACKUP_NO_ROOM(needed=needed, free=sizes.human(free)))
    with disk_errors(), tempfile.TemporaryDirectory(dir=place, prefix=SCRATCH) as path:
        yield Path(path)


@contextmanager
def disk_errors() -> Iterator[None]:
    """OutageError for what the disk or the database fails with: a full disk and its like are no bug."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise OutageError(reasons.BACKUP_FAILED(reason=str(error))) from error


def _sweep(place: Path) -> None:
    """What a killed process left: it may hold what only an encrypted archive should."""
    for path in place.glob(f"{SCRATCH}*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - ABANDONED_AFTER_S:
                shutil.rmtree(path, ignore_errors=True)
