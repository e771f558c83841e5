"""PostgreSQL in and out of an archive: by pg_dump, pg_restore and psql, in one transaction each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from ghost.core.errors import OutageError, RefusedError
from ghost.operations import reasons
from ghost.operations.backups import table_choices
from ghost.operations.backups.archive import STAMP, Kind
from ghost.operations.backups.databases import postgres_programs, restore_script
from ghost.operations.backups.databases.restore_script import FILE, PEOPLE, USERS, quoted
from ghost.operations.backups.manifest import POSTGRESQL, Manifest

SCRATCH = "_proof_"
"""Between the database's name and the time, in the names of scratch databases."""
CONNECTED_WITHIN = timedelta(seconds=60)
NAME_CHARS = 63
CONNECT_TIMEOUT_S = 10
OUR_KINDS = re.compile(
    r"\d+; \d+ \d+ (TABLE DATA|TABLE|SEQUENCE SET|SEQUENCE OWNED BY|SEQUENCE|DEFAULT|FK CONSTRAINT"
    r"|CHECK CONSTRAINT|CONSTRAINT|INDEX) "
)
"""What a dump of ours has; no functions, triggers or views, that would run later."""
TABLES = """SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace
    AND c.relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
    AND d.objid = c.oid AND d.deptype = 'e') ORDER BY 1"""
"""Of this schema; those of extensions are theirs."""
OTHERS = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""


@dataclass(frozen=True)
class PostgresDatabase:
    """The database at GHOST_DATABASE_URL."""

    address: str
    word: str = POSTGRESQL

    def size_bytes(self) -> int:
        """Roughly what a dump takes: indexes are not in it, and it is compressed."""
        with self._connected() as db:
            return int(_one(db, "SELECT pg_database_size(current_database())")) // 2

    def dump(self, folder: Path, kind: Kind, *, is_encrypted: bool) -> Manifest:
        """Write it as of one moment into `folder`: the counts, the people and pg_dump see one and the same
        snapshot. A manifest of it alone."""
        postgres_programs.require()
        (folder / FILE).parent.mkdir()
        with self._connected() as db:
            db.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            db.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            snapshot, schema = _one(db, "SELECT pg_export_snapshot()"), _schema(db)
            tables = _tables(db)
            if not tables:
                raise OutageError(reasons.BACKUP_NO_DATABASE())
            out = table_choices.left_out(tables, kind, is_encrypted=is_encrypted)
            counts = {t: 0 if t in out else _count(db, schema, t) for t in tables}
            masks = not is_encrypted and USERS in tables and USERS not in out
            if masks:
                _write_people(db, schema, folder / PEOPLE)
            self._dump(folder, schema, tables, [*out, *([USERS] if masks else [])], snapshot)
        return Manifest("", [], kind, POSTGRESQL, schema, is_encrypted=is_encrypted, tables=counts)

    def _dump(
        self, folder: Path, schema: str, tables: list[str], out: list[str], snapshot: str
    ) -> None:
        def pattern(table: str) -> str:
            return ".".join('"' + name.replace('"', '""') + '"' for name in (schema, table))

        postgres_programs.run(
            "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--no-comments",
            f"--snapshot={snapshot}", f"--file={folder / FILE}",
            *(f"--table={pattern(table)}" for table in tables),
            *(f"--exclude-table-data={pattern(table)}" for table in out),
            address=self.address,
        )  # fmt: skip

    def check(self, folder: Path, manifest: Manifest) -> None:
        """RefusedError if the dump is damaged or not Ghost's."""
        postgres_programs.require()
        try:
            listed = postgres_programs.run(
                "pg_restore", "--list", folder / FILE, limit_chars=postgres_programs.LIST_CHARS
            )
        except OutageError as error:
            raise RefusedError(reasons.BACKUP_BAD_DATABASE(reason=error.reason)) from error
        lines = [line for line in listed.splitlines() if line and not line.startswith(";")]
        is_there = any(f" TABLE {manifest.schema} {table_choices.OURS} " in line for line in lines)
        if not is_there or not all(map(OUR_KINDS.match, lines)) or manifest.tables is None:
            raise RefusedError(reasons.BACKUP_FOREIGN())

    def prove(self, folder: Path, manifest: Manifest) -> bool:
        """Restore it into a database that goes away, and count there; RefusedError if that fails.

        False, if Ghost may make none: its rows were read and counted then, and not restored.
        """
        self.sweep()
        try:
            with self._scratch() as address:
                self._try(address, folder, manifest)
        except OutageError as error:
            if not isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
                raise
            table_choices.compare(manifest.tables or {}, _counts_in(folder, manifest))
            return False
        return True

    @staticmethod
    def _try(address: str, folder: Path, manifest: Manifest) -> None:
        try:
            restore_script.run(address, folder, manifest, [], [])
        except OutageError as error:
            raise RefusedError(reasons.BACKUP_BAD_DATABASE(reason=error.reason)) from error

    @contextmanager
    def _scratch(self) -> Iterator[str]:
        """The address of an empty database that goes away. One whose process was killed is dropped by
        whoever comes next: `sweep`."""
        with self._connected(autocommit=True) as db:
            name = sql.Identifier(f"{self._prefix(db)}{datetime.now(UTC):{STAMP}}".lower())
            db.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
        address = psycopg.conninfo.make_conninfo(self.address, dbname=name.as_string().strip('"'))
        try:
            # Whoever sweeps sees by this connection that it is in use.
            with psycopg.connect(address, connect_timeout=CONNECT_TIMEOUT_S):
                yield address
        finally:
            with self._connected(autocommit=True) as db:
                db.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def sweep(self) -> int:
        """Drop the scratch databases of processes that were killed; how many there were."""
        dropped = 0
        with suppress(OutageError), self._connected(autocommit=True) as db:
            like = self._prefix(db).replace("_", r"\_") + "%"
            found = db.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [like])
            for name in [name for (name,) in found.fetchall() if _is_abandoned(name)]:
                with suppress(psycopg.Error):  # in use, or not ours to drop
                    db.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
                    dropped += 1
        return dropped

    @staticmethod
    def _prefix(db: psycopg.Connection[Any]) -> str:
        room = NAME_CHARS - len(SCRATCH) - len(f"{datetime.now(UTC):{STAMP}}")
        return str(_one(db, "SELECT current_database()"))[:room].lower() + SCRATCH

    # -- restoring

    def rows_at_stake(self) -> int:
        """How many rows of people's work a restore would replace."""
        with self._connected() as db:
            schema, tables = _schema(db), set(_tables(db))
            stake = (table for table in table_choices.AT_STAKE if table in tables)
            return sum(_count(db, schema, table) for table in stake)

    def require_nobody(self) -> None:
        """RefusedError while web or worker are connected."""
        with self._connected() as db:
            if _one(db, OTHERS):
                raise RefusedError(reasons.BACKUP_IN_USE())

    def stage(self, folder: Path, manifest: Manifest, stamp: str) -> None:
        """RefusedError if it can't be restored here; nothing is touched."""
        postgres_programs.require()
        with self._connected() as db:
            if (here := _schema(db)) != manifest.schema:
                raise RefusedError(reasons.BACKUP_OTHER_SCHEMA(name=manifest.schema, here=here))

    def put_in_place(self, folder: Path, manifest: Manifest, stamp: str) -> str:
        """Replace what is there, in one transaction; the same again does nothing. The schema in which the
        former tables are kept, or nothing."""
        kept = f"replaced_{stamp.lower()}"
        with self._connected() as db:
            mark = f"Ghost: restored {stamp}"
            tables = _tables(db)
            is_done = _one(
                db, "SELECT obj_description(to_regclass('django_migrations'), 'pg_class')"
            )
        if is_done != mark:
            before = list(restore_script.moved(manifest.schema, kept, tables))
            brings = tables and not manifest.is_encrypted and manifest.kind == Kind.FULL
            after = list(restore_script.settled(manifest.schema, kept if brings else "", mark))
            restore_script.run(self.address, folder, manifest, before, after)
        with self._connected() as db:
            found = db.execute("SELECT FROM pg_namespace WHERE nspname = %s", [kept]).fetchone()
        return f"schema {kept}" if found is not None else ""

    def without_password(self) -> int:
        """How many people have none since it was withheld."""
        with self._connected() as db:
            return int(_one(db, table_choices.LEFT_WITHOUT))

    @contextmanager
    def _connected(self, *, autocommit: bool = False) -> Iterator[psycopg.Connection[Any]]:
        try:
            db = psycopg.connect(
                self.address,
                autocommit=autocommit,
                connect_timeout=CONNECT_TIMEOUT_S,
                application_name="ghost-backup",
            )
        except psycopg.Error as error:
            raise OutageError(reasons.BACKUP_FAILED(reason=str(error).strip())) from error
        try:
            with db:
                yield db
        except psycopg.Error as error:
            raise OutageError(reasons.BACKUP_FAILED(reason=str(error).strip())) from error


def _counts_in(folder: Path, manifest: Manifest) -> dict[str, int]:
    """Rows of each table in the dump, read whole and restored nowhere."""
    path = folder / "db/data.sql"
    counts = dict.fromkeys(manifest.tables or {}, 0)
    try:
        postgres_programs.run("pg_restore", "--section=data", f"--file={path}", folder / FILE)
        counts |= _copied_rows(path)
    finally:
        path.unlink(missing_ok=True)
    if (people := folder / PEOPLE).is_file():
        counts[USERS] = people.read_bytes().count(b"\n")
    return counts


def _copied_rows(path: Path) -> dict[str, int]:
    counts, table = dict[str, int](), ""
    with path.open("rb") as stream:
        for line in stream:
            if table and line == b"\\.\n":
                table = ""
            elif table:
                counts[table] += 1
            elif found := re.match(rb'COPY (?:"[^"]+"|\w+)\."?([^" ]+)"? ', line):
                table = found[1].decode()
                counts[table] = 0
    return counts


def _is_abandoned(name: str) -> bool:
    """Whether this scratch database is so old that its process is connected to it, if it lives."""
    try:
        made_at = datetime.strptime(name.rpartition("_")[2].upper(), STAMP).replace(tzinfo=UTC)
    except ValueError:
        return False
    return datetime.now(UTC) - made_at > CONNECTED_WITHIN


# -- small questions


def _one(db: psycopg.Connection[Any], query: LiteralString) -> Any:  # noqa: ANN401  # whatever it asks for
    row = db.execute(query).fetchone()
    return row[0] if row else None


def _schema(db: psycopg.Connection[Any]) -> str:
    return str(_one(db, "SELECT current_schema()"))


def _tables(db: psycopg.Connection[Any]) -> list[str]:
    return [str(name) for (name,) in db.execute(TABLES).fetchall()]


def _count(db: psycopg.Connection[Any], schema: str, table: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
    row = db.execute(query).fetchone()
    return int(row[0]) if row else 0


def _write_people(db: psycopg.Connection[Any], schema: str, path: Path) -> None:
    """All of them, each with a mark in the place of the password."""
    cursor = db.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " AND NOT attisdropped ORDER BY attnum",
        [f"{quoted(schema)}.{USERS}"],
    )
    hidden = {column for _table, column in table_choices.PASSWORDS}
    columns = sql.SQL(", ").join(
        sql.Literal(table_choices.WITHHELD) if name in hidden else sql.Identifier(name)
        for (name,) in cursor.fetchall()
    )
    query = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(
        columns, sql.Identifier(schema, USERS)
    )
    with path.open("wb") as file, db.cursor().copy(query) as copied:
        for block in copied:
            file.write(block)
