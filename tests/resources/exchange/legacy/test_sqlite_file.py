"""A SQLite file shows no more than it holds, and has nothing written to the disk."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ghost.core.errors import RefusedError
from resources.exchange.legacy import database, sqlite_file
from tests.resources.exchange.legacy.test_database import SCHEMA

COLUMNS = {"team": ("id", "name")}


def made(path: Path, *statements: str) -> Path:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.executescript(statement)
    connection.close()
    return path


def numbered(until: int, values: str) -> str:
    """Rows of the table team, with `values` of their number x."""
    numbers = f"WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n WHERE x<{until})"
    return f"{numbers} INSERT INTO team SELECT {values} FROM n;"


def read(path: Path) -> list[sqlite_file.Row]:
    with sqlite_file.opened(path, COLUMNS) as file:
        return list(file.rows("team"))


def temporary_files() -> list[str]:
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(entry.readlink()))
        except FileNotFoundError:
            continue  # the listing's own
    return [name for name in found if "etilqs" in name]


def test_wide_rows_are_not_sorted_on_the_disk(tmp_path):
    wide = numbered(60, "61 - x, hex(zeroblob(50000))")
    path = made(tmp_path / "a.db", "CREATE TABLE team (id INT, name TEXT)", wide)

    with sqlite_file.opened(path, COLUMNS) as file:
        rows = file.rows("team")
        first = next(rows)
        written = temporary_files()

        assert len([first, *rows]) == 60
    assert written == []


@pytest.mark.parametrize(("chars", "is_read"), [(98, True), (99, False)])
def test_a_long_default_is_refused(tmp_path, chars, is_read):
    added = f"ALTER TABLE team ADD COLUMN name TEXT DEFAULT '{'x' * chars}'"
    path = made(tmp_path / "a.db", "CREATE TABLE team (id INT)", numbered(3, "x"), added)

    if is_read:
        assert [row["name"] for row in read(path)] == ["x" * chars] * 3
    else:
        with pytest.raises(RefusedError, match="its table team has a column with a long default"):
            read(path)


def test_rows_that_show_more_than_the_file_holds_are_refused(tmp_path):
    added = f"ALTER TABLE team ADD COLUMN name TEXT DEFAULT '{'x' * 90}'"
    path = made(tmp_path / "a.db", "CREATE TABLE team (id INT)", numbered(5000, "x"), added)

    assert 4 * path.stat().st_size < 5000 * 90
    with pytest.raises(RefusedError, match="The table team shows more than the file can hold"):
        read(path)


def with_one_leaf(path: Path) -> int:
    """Makes all branches of the table lead to its first leaf, takes the rest off, and tells how many those are."""
    raw, page = bytearray(path.read_bytes()), 4096
    assert raw[page] == 5  # the second page, an inner one: the root
    branches = int.from_bytes(raw[page + 3 : page + 5])
    for place in range(page + 12, page + 12 + 2 * branches, 2):
        branch = page + int.from_bytes(raw[place : place + 2])
        raw[branch : branch + 4] = (3).to_bytes(4)
    raw[page + 8 : page + 12] = raw[28:32] = (3).to_bytes(4)  # the last branch; the file's pages
    path.write_bytes(raw[: 3 * page])
    return branches + 1


def test_rows_that_share_their_page_are_refused(tmp_path):
    wide = numbered(300, "x, hex(zeroblob(600))")
    path = made(tmp_path / "a.db", "CREATE TABLE team (id INT, name TEXT)", wide)
    branches = with_one_leaf(path)

    assert (branches, path.stat().st_size) == (100, 3 * 4096)
    with pytest.raises(RefusedError, match="The table team shows more than the file can hold"):
        read(path)


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le"])
def test_an_honest_file_is_far_from_the_bound(tmp_path, monkeypatch, encoding):
    monkeypatch.setattr(sqlite_file, "TIMES_ITS_SIZE", 1)
    full = numbered(
        2000, "x, CASE x % 3 WHEN 0 THEN '' WHEN 1 THEN hex(zeroblob(300)) ELSE '数据' END"
    )
    table = "CREATE TABLE team (id INTEGER PRIMARY KEY, name TEXT DEFAULT '')"
    path = made(tmp_path / "a.db", f'PRAGMA encoding="{encoding}"', table, full)

    assert [row["id"] for row in read(path)] == list(range(1, 2001))


def test_the_earlier_schema_is_read(tmp_path):
    path = made(tmp_path / "a.db", SCHEMA)

    with sqlite_file.opened(path, database.TABLES) as file:
        assert [list(file.rows(table)) for table in database.TABLES] == [[], [], [], []]
