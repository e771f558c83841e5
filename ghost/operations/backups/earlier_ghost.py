"""Backups of the earlier Ghost (FastAPI): its SQLite database, `ghost-db-*.db`, encrypted with age or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ghost.core.errors import RefusedError
from ghost.operations import reasons
from ghost.operations.backups import archive, databases, encryption
from resources.exchange.legacy.database import MAGIC


def is_one(path: Path) -> bool:
    """Whether its name says so; ours are `.tar.gz`."""
    return path.name.endswith((".db", ".db.age"))


@contextmanager
def opened(path: Path, *, force: bool = False) -> Iterator[Path]:
    """The database as a file that goes away, to be imported.

    RefusedError if it can't be read or is none, or if there is a catalog already and `force` does
    not say to add to it.
    """
    if not path.is_file():
        raise RefusedError(reasons.BACKUP_MISSING(name=path.name))
    if not force and (rows := databases.current().rows_at_stake()):
        raise RefusedError(reasons.BACKUP_NOT_EMPTY_FOR_IMPORT(number=rows))
    with archive.scratch(path.stat().st_size) as scratch:
        plain = path
        if path.suffix == ".age":
            plain = scratch / path.stem
            encryption.decrypt(path, plain)
        with plain.open("rb") as stream:
            if stream.read(len(MAGIC)) != MAGIC:
                raise RefusedError(reasons.BACKUP_FOREIGN())
        yield plain
