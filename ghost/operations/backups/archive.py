"""Archives as files in GHOST_BACKUP_DIR: their names, and the folder itself."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar

from django.conf import settings

from ghost.core.errors import OutageError, RefusedError
from ghost.core.io import files
from ghost.core.text.reasons import Reason
from ghost.operations import file_modes, reasons
from resources import sizes

SECRETS = "secrets"
STAMP = "%Y%m%dT%H%M%S%fZ"
NAME = re.compile(r"ghost-(schema-)?[^/]*\.tar\.gz(\.age)?")
NAME_CHARS = 200
SCRATCH = ".backup-"
UNDER_WAY = ".restore-"
"""Beginning of the folder in which a restore is made ready, and ends when it is done."""
PLAN = "plan.json"
"""In it, once everything is ready."""
FIRST, LAST = datetime(1970, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
"""Moments that can be told in every zone; names and clocks may say others."""
LOCKED_WITHIN_S = 10
"""A scratch folder is locked right after it was made."""


class Kind(StrEnum):
    """What an archive holds."""

    FULL = "full"
    """Everything that a new machine needs."""
    SCHEMA = "schema"
    """The tables without their rows, and nothing else."""


@dataclass(frozen=True)
class Archive:
    """A backup as a file on the disk: what it is, when it was made, and its size in bytes."""

    path: Path
    kind: Kind
    created_at: datetime
    bytes: int
    is_encrypted: bool


def list_all() -> list[Archive]:
    """The backups in GHOST_BACKUP_DIR, as `newest_first` has them. OutageError if it can't be read."""
    place: Path = settings.GHOST.backup_dir
    try:
        found = list(_in(place)) if place.exists() else []
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise OutageError(reasons.BACKUP_UNREADABLE(path=str(place), reason=why)) from error
    return newest_first(found, datetime.now(UTC))


class Made(Protocol):
    """What was made at some time."""

    @property
    def created_at(self) -> datetime:
        """When."""


M = TypeVar("M", bound=Made)


def newest_first(found: Iterable[M], now: datetime) -> list[M]:
    """Newest first. What is from the future comes last: a clock was wrong, or somebody chose the name, and it
    must not be the newest for ever."""
    return sorted(found, key=lambda each: (each.created_at <= now, each.created_at), reverse=True)


def _in(place: Path) -> Iterator[Archive]:
    for path in place.iterdir():
        if is_name(path.name) and path.is_file():
            with suppress(FileNotFoundError):  # dropped meanwhile
                yield of(path)


def is_name(name: str) -> bool:
    """Whether a backup may be called that: by hand, too. Rows and terminals have to take it."""
    return len(name) <= NAME_CHARS and name.isprintable() and NAME.fullmatch(name) is not None


def of(path: Path) -> Archive:
    """What its name and size say of an archive."""
    is_schema = path.name.startswith("ghost-schema-")
    kind = Kind.SCHEMA if is_schema else Kind.FULL
    return Archive(path, kind, _made_at(path), path.stat().st_size, path.suffix == ".age")


def _made_at(path: Path) -> datetime:
    stamp = path.name.removeprefix("ghost-").removeprefix("schema-").partition(".")[0]
    try:
        made_at = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:  # renamed by hand
        written_s = min(max(path.stat().st_mtime, FIRST.timestamp()), LAST.timestamp())
        made_at = datetime.fromtimestamp(written_s, UTC)
    return min(max(made_at, FIRST), LAST)


def name(kind: Kind, now: datetime, *, is_encrypted: bool) -> str:
    """What an archive made at this moment is called."""
    word = "schema-" if kind == Kind.SCHEMA else ""
    return f"ghost-{word}{now:{STAMP}}.tar.gz{'.age' if is_encrypted else ''}"


# -- the folder


def folders() -> dict[str, Path]:
    """Folder in the archive → folder on disk."""
    return {
        SECRETS: settings.GHOST.secrets_dir,
        "metadata": settings.GHOST.magnet_metadata_dir,
        "covers": settings.GHOST.cover_dir,
    }


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
    """A folder in GHOST_BACKUP_DIR that goes away, or that whoever comes next removes if this process
    is killed. OutageError if the disk has less room, or is full later."""
    place = folder()
    sweep(place)
    free = shutil.disk_usage(place).free
    if free < needed_bytes:
        needed = sizes.human(needed_bytes)
        raise OutageError(reasons.BACKUP_NO_ROOM(needed=needed, free=sizes.human(free)))
    made = tempfile.TemporaryDirectory(dir=place, prefix=SCRATCH)
    with disk_errors(), made as path, locked(Path(path)):
        yield Path(path)


@contextmanager
def disk_errors() -> Iterator[None]:
    """OutageError for what the disk or the database fails with: a full disk and its like are no bug."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise OutageError(reasons.BACKUP_FAILED(reason=str(error))) from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """This file or folder is in use until the block, or this process, ends. BlockingIOError if it
    is already."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone(path: Path, refusal: Reason) -> Iterator[None]:
    """`locked`, with this RefusedError if it is in use already."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(path))
        except BlockingIOError as error:
            raise RefusedError(refusal) from error
        yield


def sweep(place: Path) -> None:
    """Remove what killed processes left: it may hold what only an encrypted archive should."""
    for path in place.glob(f"{SCRATCH}*"):
        with suppress(FileNotFoundError, BlockingIOError):
            if path.stat().st_mtime < time.time() - LOCKED_WITHIN_S:
                with locked(path):
                    shutil.rmtree(path, ignore_errors=True)
    with suppress(BlockingIOError), locked(place):
        sweep_restores(place)


def sweep_restores(place: Path) -> None:
    """Remove what a restore had made ready before its plan stood. Call it when no other one runs."""
    under_way = list(place.glob(f"{UNDER_WAY}*"))
    if any((folder / PLAN).is_file() for folder in under_way):
        return
    staged = (
        each
        for target in folders().values()
        for each in target.parent.glob(f".{target.name}.restoring-*")
    )
    for path in (*under_way, *staged):
        shutil.rmtree(path, ignore_errors=True)
