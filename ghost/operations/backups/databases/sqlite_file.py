"""SQLite in and out of an archive: one file."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from ghost.core.errors import OutageError, RefusedError
from ghost.core.io import files
from ghost.operations import reasons
from ghost.operations.backups import table_choices
from ghost.operations.backups.archive import Kind
from ghost.operations.backups.manifest import SQLITE, Manifest
from resources import sizes

FILE = "db/ghost.db"
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
IS_ALIEN = "SELECT count(*) FROM sqlite_master WHERE type NOT IN ('table', 'index')"
"""Triggers and views would run with what Ghost does later; it has none."""


@dataclass(frozen=True)
class SqliteDatabase:
    """The file at GHOST_DB_PATH."""

    path: Path
    word: str = SQLITE

    def size_bytes(self) -> int:
        """Roughly what a copy takes: with what is not checkpointed yet."""
        return sum(_size(each) for each in (self.path, _beside(self.path, "-wal")))

    def dump(self, folder: Path, kind: Kind, *, is_encrypted: bool) -> Manifest:
        """Write a copy as of one moment into `folder` (https://www.sqlite.org/lang_vacuum.html#vacuum_into),
        without the free pages, in which deleted rows may still stand. A manifest of it alone."""
        if not self.path.exists():
            raise OutageError(reasons.BACKUP_NO_DATABASE())
        copy = folder / FILE
        copy.parent.mkdir()
        with closing(sqlite3.connect(self.path, isolation_level=None)) as live:
            live.execute("VACUUM INTO ?", [str(copy)])
        with closing(sqlite3.connect(copy)) as database:
            table_choices.apply(database, kind, is_encrypted=is_encrypted)
            if kind == Kind.SCHEMA:
                database.execute("VACUUM")
            counts = _counts(database)
        return Manifest("", [], kind, SQLITE, is_encrypted=is_encrypted, tables=counts)

    def check(self, folder: Path, manifest: Manifest) -> None:
        """RefusedError if the copy is damaged, another program's, or has not the rows that it should."""
        try:
            with closing(sqlite3.connect(folder / FILE)) as database:
                _check(database, manifest)
        except sqlite3.DatabaseError as error:
            raise RefusedError(reasons.BACKUP_BAD_DATABASE(reason=str(error))) from error

    def prove(self, folder: Path, manifest: Manifest) -> bool:
        """Restore it into a file that goes away, and count there; RefusedError if that fails. True:
        it was really restored."""
        scratch = folder / "db" / "scratch.db"
        try:
            copy(folder / FILE, scratch)
            with closing(sqlite3.connect(scratch)) as database:
                _check(database, manifest)
                if torn := database.execute("PRAGMA foreign_key_check").fetchone():
                    raise RefusedError(reasons.BACKUP_BAD_DATABASE(reason=f"{torn[0]} {torn[1]}"))
        except sqlite3.DatabaseError as error:
            raise RefusedError(reasons.BACKUP_BAD_DATABASE(reason=str(error))) from error
        finally:
            scratch.unlink(missing_ok=True)
        return True

    # -- restoring

    def rows_at_stake(self) -> int:
        """How many rows of people's work a restore would replace."""
        if not self.path.exists():
            return 0
        found = 0
        with closing(sqlite3.connect(self.path)) as database:
            for table in table_choices.AT_STAKE:
                with suppress(sqlite3.Error):  # damaged, or there is no such table
                    found += _count(database, table)
        return found

    def sweep(self) -> int:
        """Nothing: its scratch files lie in folders that go."""
        return 0

    def require_nobody(self) -> None:
        """RefusedError while a worker, or a request just then, has it open."""
        if not self.path.exists():
            return
        with closing(sqlite3.connect(self.path, timeout=1)) as alone:
            try:
                # Leaving WAL mode needs the database for oneself. Ghost goes back to it by itself.
                alone.execute("PRAGMA journal_mode=DELETE")
            except sqlite3.OperationalError as error:
                raise RefusedError(reasons.BACKUP_IN_USE()) from error

    def stage(self, folder: Path, manifest: Manifest, stamp: str) -> None:
        """Make what was unpacked ready to be put in place; nothing of the present state is touched."""
        files.make_folder(self.path.parent, above=files.PASSABLE_FOLDER)
        _require_room(self.path.parent, self.size_bytes() + _size(folder / FILE))
        with closing(sqlite3.connect(folder / FILE)) as database:
            with suppress(sqlite3.Error):  # of another version, or damaged: then they are set anew
                if self.path.exists():
                    database.execute("ATTACH ? AS former", [str(self.path)])
                    table_choices.bring_back(database)
            database.rollback()
            _forget_site(database)

    def put_in_place(self, folder: Path, manifest: Manifest, stamp: str) -> str:
        """Replace what is there, which is kept; the same again does nothing more. Where it is
        kept, or nothing. Whoever has the file open sees one state or the other."""
        kept = self.path.with_name(f"{self.path.name}.replaced-{stamp}")
        if self.path.exists() and not kept.exists() and _has_tables(self.path):
            draft = kept.with_name(f".{kept.name}")
            copy(self.path, draft)
            draft.replace(kept)
        copy(folder / FILE, self.path)
        return str(kept) if kept.exists() else ""

    def without_password(self) -> int:
        """How many people have none since it was withheld."""
        with closing(sqlite3.connect(self.path)) as database, suppress(sqlite3.Error):
            return table_choices.left_without(database)
        return 0


def copy(source: Path, target: Path) -> None:
    """Put one database in the place of another, in one transaction
    (https://www.sqlite.org/backup.html)."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _check(database: sqlite3.Connection, manifest: Manifest) -> None:
    tables = {name for (name,) in database.execute(TABLES)}
    (aliens,) = database.execute(IS_ALIEN).fetchone()
    if table_choices.OURS not in tables or aliens:
        raise RefusedError(reasons.BACKUP_FOREIGN())
    (answer,) = database.execute("PRAGMA integrity_check").fetchone()
    if answer != "ok":
        raise RefusedError(reasons.BACKUP_BAD_DATABASE(reason=str(answer)))
    if manifest.tables is not None:
        table_choices.compare(manifest.tables, _counts(database))


def _counts(database: sqlite3.Connection) -> dict[str, int]:
    return {name: _count(database, name) for (name,) in database.execute(TABLES).fetchall()}


def _count(database: sqlite3.Connection, table: str) -> int:
    quoted = table.replace('"', '""')
    counted = database.execute(f'SELECT count(*) FROM "{quoted}"')  # noqa: S608  # a name, quoted
    return int(counted.fetchone()[0])


def _has_tables(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path)) as database:
            return database.execute(TABLES).fetchone() is not None
    except sqlite3.Error:  # damaged: it is kept too
        return True


def _require_room(folder: Path, needed_bytes: int) -> None:
    """OutageError if the disk hasn't room for the former database beside the new one."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        needed = sizes.human(needed_bytes)
        raise OutageError(
            reasons.BACKUP_NO_ROOM_TO_RESTORE(
                path=str(folder), needed=needed, free=sizes.human(free)
            )
        )


def _forget_site(database: sqlite3.Connection) -> None:
    """The site that readers see is another one than the backup's, until a build has made it anew."""
    for statement in table_choices.FORGET_SITE:
        with suppress(sqlite3.Error):  # of another version
            database.execute(statement)
    database.commit()


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(f"{path.name}{ending}")


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0
