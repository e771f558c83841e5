"""Files that are made to take all memory or time are refused in little of both: measured in a process of its own."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.resources.catalog_files import HEADER
from tests.resources.exchange.legacy.test_database import SCHEMA

MOST_MIB = 250
"""By which the process may grow over any of them; each would take gigabytes."""
HEAD = json.dumps(HEADER).encode() + b"\n"
RESOURCE = b'{"type":"resource","title":"T","magnet_uri":"m","category":"c","publisher":1,"tags":'


def sqlite(path: Path, *statements: str) -> Path:
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMA)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path


ROW = "INSERT INTO auth VALUES ('{0}', 'Publisher', NULL, {1}, '2024-01-01', NULL)"
LIKE_AUTH = "SELECT hex(zeroblob(300000000)) AS token_hash, 'Admin' AS role, 'x' AS display_name"
DATABASES = {
    "a computed column": (
        ["ALTER TABLE auth ADD COLUMN bomb AS (hex(zeroblob(300000000)))", ROW.format("a", "'Ada'")[:-1] + ")"],
        "computed columns",
    ),
    "a view in place of a table": (
        ["DROP TABLE auth", f"CREATE VIEW auth AS {LIKE_AUTH}"], "it has no table auth",
    ),
    "a view without an end": (
        ["DROP TABLE auth",
         "CREATE VIEW auth AS WITH RECURSIVE n(token_hash) AS (SELECT 1 UNION ALL SELECT token_hash FROM n) SELECT * FROM n"],
        "it has no table auth",
    ),
    "a virtual table": (
        ["DROP TABLE auth", "CREATE VIRTUAL TABLE auth USING fts5(token_hash, role)"], "it has no table auth",
    ),
    "values of 40 MB": (
        [ROW.format(n, "zeroblob(40000000)") for n in range(3)], "more than 16 MiB",
    ),
    "many values of 10 MB": (
        [ROW.format(n, "hex(zeroblob(5000000))") for n in range(12)], "read",
    ),
    "no column that it needs": (["ALTER TABLE auth RENAME COLUMN token_hash TO other"], "no column token_hash"),
    "too many tokens": (
        ["WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n WHERE x<20001)"
         " INSERT INTO auth SELECT x, 'Admin', NULL, 'n', '2024-01-01', NULL FROM n"],
        "20,000 at most",
    ),
}  # fmt: skip


def text_files(folder: Path) -> dict[Path, str]:
    """Bombs of the other formats, each with what is said of it."""
    empties = b"[" + b"[]," * 1_100_000 + b"[]]"
    found = {
        "many parts.ndjson": (HEAD + RESOURCE + empties + b"}\n", "parts"),
        "many parts.json": (HEAD[:-2] + b', "records": [' + RESOURCE + empties + b"}]}", "parts"),
        "deep.ndjson": (HEAD + RESOURCE + b"[" * 3_000_000 + b"\n", "nested too deeply"),
        "a long line.ndjson": (HEAD + b"x" * (70 << 20) + b"\n", "more than 64 MiB"),
        "a number.ndjson": (HEAD + RESOURCE + b"[],\"id\":" + b"9" * 3_000_000 + b"}\n", "A number in it is too large"),
        "no number.ndjson": (HEAD + RESOURCE + b'[],"id":NaN}\n', "id"),
        "a row without an end.csv": (
            b"title,magnet_uri\n" + b'"a\n","b\n",' * 1_000_000, "more than a million letters",
        ),
        "a line without an end.csv": (b"title,magnet_uri\n" + b"a," * 2_000_000, "more than a million letters"),
        "a cell without an end.csv": (b'title,magnet_uri\n"' + b"a\n" * 70_000, "field larger"),
    }  # fmt: skip
    for name, (body, _told) in found.items():
        (folder / name).write_bytes(body)
    return {folder / name: told for name, (_body, told) in found.items()}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """By name: what was expected, what was said, MiB."""
    folder = tmp_path_factory.mktemp("bombs")
    expected = text_files(folder)
    for name, (statements, told) in DATABASES.items():
        expected[sqlite(folder / f"{name}.db", *statements)] = told
    done = subprocess.run(
        [sys.executable, "-m", "tests.resources.exchange.reading_bombs", *map(str, expected)],
        check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    read = [json.loads(line) for line in done.stdout.splitlines()]
    for path in expected:
        path.unlink()
    return {Path(name).name: (expected[Path(name)], said, mib) for name, said, mib in read}


def test_each_is_refused_with_its_reason(outcomes):
    wrong = {name: each for name, each in outcomes.items() if each[0] not in str(each[1])}

    assert wrong == {}
    assert len(outcomes) == len(DATABASES) + 9


def test_none_takes_much_memory(outcomes):
    assert {name: mib for name, (_, _, mib) in outcomes.items() if mib > MOST_MIB} == {}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"SQLite format 3\x00" + bytes(10), "can't be read"),
        (b"SQLite format 3\x00" + bytes(5000), "can't be read"),
        (b"SQLite format 3\x00", "can't be read"),
    ],
    ids=["short", "zeros", "its name alone"],
)
def test_a_damaged_database_is_told_plainly(tmp_path, body, told):
    from tests.resources.exchange.reading_bombs import read

    path = tmp_path / "a.db"
    path.write_bytes(body)

    assert told in read(path)[0]


def test_a_locked_database_is_told_plainly(tmp_path, monkeypatch):
    from tests.resources.exchange.reading_bombs import read

    monkeypatch.setattr("resources.exchange.legacy.sqlite_file.WAIT_S", 0.1)
    path = sqlite(tmp_path / "a.db")
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")

    told = read(path)

    other.close()
    assert "stop the server that uses it" in told[0]


def test_what_takes_too_long_ends(tmp_path, monkeypatch):
    from tests.resources.exchange.reading_bombs import read

    monkeypatch.setattr("resources.exchange.legacy.sqlite_file.STEP_S", 0.02)
    many = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n WHERE x<300000)"
    path = sqlite(tmp_path / "a.db", f"{many} INSERT INTO team SELECT x, 'n', 'o', 'd' FROM n")
    begun = time.thread_time()

    told = read(path)

    assert "takes too long" in told[0] or "20,000 at most" in told[0]
    assert time.thread_time() - begun < 5
