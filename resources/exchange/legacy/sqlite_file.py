"""A SQLite file from anybody, read within limits: of memory, of time, and of what it may have SQLite do.

A database can hold views, computed columns and virtual tables, which run as they are read, and values of any size (
https://www.sqlite.org/security.html). So only plain tables are read, column by column and by name, each text cut before
it leaves SQLite; all else is refused by SQLite itself. Rows come as they are stored: sorting them could fill the disk. And a
file may not hold a text once and show it in every row, as the default of a column or in pages that rows share.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ghost.core.errors import RefusedError

Row = dict[str, Any]
Tables = Mapping[str, tuple[str, ...]]
"""Names of tables, each with the columns that are read."""

NOT_OURS = "This is no database of the earlier Ghost"
LONGEST_VALUE = 16 << 20
"""Bytes of one value, or of one row, that SQLite handles at all."""
LONGEST_TEXT = 120_000
"""Characters that are read of one; what is longer is longer than any field of ours."""
WAIT_S = 5.0
"""For whoever has it locked."""
STEP_S = 60.0
"""Processor time until a row is there, or until all are counted."""
LONGEST_DEFAULT = 100
"""Characters of a column's default, as SQL writes it: rows that lack the column show it without holding it."""
TIMES_ITS_SIZE = 4
"""What the rows of a table may hold together. An honest file holds each character in a byte or more; short defaults come on top."""
LEAST_ROW = 5
"""Bytes that any row takes: two of its place in the page, its length, the length of its header, and one of a column."""
_STEPS_BETWEEN = 20_000
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: LONGEST_VALUE,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 200,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 50,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 2,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 25_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 8,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 100,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 10,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_MAY_CALL = frozenset({"count", "length", "substr", "typeof"})


@contextmanager
def opened(path: Path, tables: Tables) -> Iterator[SqliteFile]:
    """The file, read only. RefusedError if it is no database, is damaged, locked or hostile, or lacks a table."""
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", WAIT_S, uri=True)
    except sqlite3.Error as error:
        raise RefusedError(f"The database can't be opened: {error}.") from error
    try:
        yield SqliteFile(connection, tables)
    except sqlite3.Error as error:
        raise RefusedError(f"The database can't be read: {_told(error)}.") from error
    finally:
        connection.close()


def _told(error: sqlite3.Error) -> str:
    known = {
        "interrupted": "it takes too long",
        "database is locked": "it is locked; stop the server that uses it, or copy it",
        "string or blob too big": f"a value in it has more than {LONGEST_VALUE >> 20} MiB",
        "unable to open database file": "if it has a -wal file, its folder must be writable; copy both elsewhere",
    }
    return known.get(str(error), str(error))


class SqliteFile:
    """An open file, and its tables."""

    def __init__(self, connection: sqlite3.Connection, tables: Tables) -> None:
        self._connection = connection
        self._begun = time.thread_time()
        for limit, value in _LIMITS.items():
            connection.setlimit(limit, value)
        connection.set_progress_handler(self._is_too_late, _STEPS_BETWEEN)
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "query_only=ON", "mmap_size=0"):
            connection.execute(f"PRAGMA {pragma}")
        for table in tables:
            self._require_plain(table)
        self._most = TIMES_ITS_SIZE * self._pragma("page_count") * self._pragma("page_size")
        self._queries = {table: self._query(table, names) for table, names in tables.items()}
        connection.set_authorizer(_may)

    def count(self, table: str) -> int:
        """How many rows the table has."""
        self._begun = time.thread_time()
        [(found,)] = self._connection.execute(f"SELECT count(*) FROM main.{table} NOT INDEXED")  # noqa: S608  # a name of ours
        return int(found)

    def rows(self, table: str) -> Iterator[Row]:
        """The rows as they are stored, one in memory at a time; columns that it lacks are None.

        By its `INTEGER PRIMARY KEY` if a table has one. RefusedError as soon as they hold more than the file can.
        """
        names, query = self._queries[table]
        self._begun, left = time.thread_time(), self._most
        for values in self._connection.execute(query):
            left -= _size(values)
            if left < 0:
                raise RefusedError(f"The table {table} shows more than the file can hold.")
            yield dict(zip(names, values, strict=True))
            self._begun = time.thread_time()

    def _pragma(self, name: str) -> int:
        [(found,)] = self._connection.execute(f"PRAGMA main.{name}")
        return int(found)

    def _is_too_late(self) -> bool:
        return time.thread_time() - self._begun > STEP_S

    def _require_plain(self, table: str) -> None:
        # Views and virtual tables have no page of their own.
        plain = "SELECT count(*) FROM sqlite_master WHERE type='table' AND name=? AND rootpage>0"
        if self._connection.execute(plain, (table,)).fetchone() != (1,):
            raise RefusedError(f"{NOT_OURS}: it has no table {table}.")

    def _query(self, table: str, names: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
        """What reads these columns; RefusedError if the table lacks its key, or what SQLite would make for each row."""
        columns = self._connection.execute(f"PRAGMA main.table_xinfo({table})").fetchall()
        kinds = {str(name).lower(): hidden for _, name, _, _, _, _, hidden in columns}
        if any(kinds.values()):
            raise RefusedError(f"{NOT_OURS}: its table {table} has computed columns.")
        if any(len(str(default)) > LONGEST_DEFAULT for _, _, _, _, default, _, _ in columns):
            raise RefusedError(f"{NOT_OURS}: its table {table} has a column with a long default.")
        if names[0] not in kinds:
            raise RefusedError(f"{NOT_OURS}: its table {table} has no column {names[0]}.")
        read = ", ".join(_bounded(name) if name in kinds else f"NULL AS {name}" for name in names)
        return names, f"SELECT {read} FROM main.{table} NOT INDEXED"  # noqa: S608  # names of ours


def _size(values: tuple[Any, ...]) -> int:
    """Of a row, at the least: characters of texts, bytes of blobs."""
    return LEAST_ROW + sum(len(value) for value in values if isinstance(value, (str, bytes)))


def _bounded(name: str) -> str:
    """What it holds; of texts and blobs that are too long so much as shows that they are."""
    # As a blob, since a text's length ends for SQLite where a zero byte stands.
    is_long = (
        f"typeof({name}) IN ('text', 'blob') AND length(CAST({name} AS BLOB)) > {4 * LONGEST_TEXT}"
    )
    return f"CASE WHEN {is_long} THEN substr({name}, 1, {LONGEST_TEXT}) ELSE {name} END AS {name}"


def _may(action: int, _first: str | None, second: str | None, *_: str | None) -> int:
    """Reading tables, and the functions that we call: nothing else, whatever the schema says."""
    is_ours = action in {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ} or (
        action == sqlite3.SQLITE_FUNCTION and second in _MAY_CALL
    )
    return sqlite3.SQLITE_OK if is_ours else sqlite3.SQLITE_DENY
