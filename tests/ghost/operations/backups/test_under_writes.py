"""A backup while others write, and one for which the disk has no room."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from ghost.core.errors import OutageError
from ghost.operations import backups
from ghost.operations.backups import list_all
from tests.installation import wait_for

WRITES_PER_S = 100
TABLES = """
CREATE TABLE resources_resource (id int PRIMARY KEY);
CREATE TABLE note (id int PRIMARY KEY, filler {blob});
CREATE TABLE auth_user (id int PRIMARY KEY, username text, password text);
CREATE TABLE django_migrations (id int PRIMARY KEY, name text);
"""
WRITER = """
import itertools, sqlite3, sys, time
address, log = sys.argv[1:]
if address.startswith("postgresql:"):
    import psycopg
    db, mark = psycopg.connect(address, autocommit=True), "%s"
else:
    db, mark = sqlite3.connect(address, timeout=20, isolation_level=None), "?"
started = time.monotonic()
with open(log, "w") as stream:
    for number in itertools.count(1):
        db.execute("BEGIN IMMEDIATE" if mark == "?" else "BEGIN")
        for table in ("resources_resource", "note"):
            db.execute(f"INSERT INTO {table} (id) VALUES ({mark})", [number])
        db.execute("COMMIT")
        stream.write(f"{number}\\n")  # committed
        stream.flush()
        time.sleep(max(0, started + number / %d - time.monotonic()))
"""


class Writer:
    """Another process that commits a row in each of two tables, so often a second."""

    def __init__(self, address: str, log: Path) -> None:
        self.log = log
        self._process = subprocess.Popen(
            [sys.executable, "-c", WRITER.replace("%d", f"{WRITES_PER_S}"), address, str(log)]
        )

    @property
    def committed(self) -> int:
        """The last number that it has said is committed."""
        body = self.log.read_text() if self.log.exists() else ""
        return int((body.rpartition("\n")[0] or "0").rpartition("\n")[2])

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)
        return self.committed


@pytest.fixture
def sqlite_place(configure, tmp_path) -> str:
    path = tmp_path / "db" / "ghost.db"
    path.parent.mkdir()
    configure(database_url="", db_path=path, secrets_dir=tmp_path / "secrets")
    with closing(sqlite3.connect(path, isolation_level=None)) as live:
        live.execute("PRAGMA journal_mode=WAL")
        live.executescript(TABLES.format(blob="blob"))
        live.execute("INSERT INTO note VALUES (0, randomblob(12000000))")
    return str(path)


@pytest.fixture
def postgres_place(postgres, configure, tmp_path) -> str:
    name = f"w_{datetime.now(UTC):%H%M%S%f}"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    address = postgres.replace("/ghost?", f"/{name}?")
    configure(database_url=address, secrets_dir=tmp_path / "secrets")
    with psycopg.connect(address) as db:
        db.execute(TABLES.format(blob="bytea"))
        db.execute("INSERT INTO note VALUES (0, %s)", [os.urandom(6_000_000)])
    return address


def rows(address: str) -> tuple[list[int], list[int]]:
    queries = [
        f"SELECT id FROM {table} WHERE id > 0 ORDER BY id"
        for table in ("resources_resource", "note")
    ]
    if address.startswith("postgresql:"):
        with psycopg.connect(address) as db:
            first, second = ([row[0] for row in db.execute(query)] for query in queries)
    else:
        with closing(sqlite3.connect(address)) as live:
            first, second = ([row[0] for row in live.execute(query)] for query in queries)
    return first, second


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_backup_amid_a_hundred_writes_a_second_has_every_row_from_before(
    database, request, tmp_path
):
    address = request.getfixturevalue(f"{database}_place")
    writer = Writer(address, tmp_path / "committed")
    try:
        wait_for("the writer", lambda: writer.committed > 10)
        before, began_at = writer.committed, time.monotonic()
        made = backups.write()
        during, seconds = writer.committed - before, time.monotonic() - began_at
    finally:
        last = writer.stop()

    backups.restore(made.path, force=True)

    resources, notes = rows(address)
    assert resources == notes == list(range(1, len(notes) + 1))
    assert before <= len(notes) <= last
    print(
        f"{database}: {during} writes during {seconds:.2f} s of backup, {len(notes) - before} of them in it"
    )
    assert during > 0, "nothing was written meanwhile"


@contextmanager
def files_up_to(limit_bytes: int) -> Iterator[None]:
    """Whoever writes more into a file of this process, or of one that it starts, fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("full", ["the copy of the database", "the archive"])
def test_a_disk_that_is_full_fails_the_backup_and_keeps_the_old_ones(
    sqlite_place, configure, tmp_path, full
):
    if full == "the archive":
        with closing(sqlite3.connect(sqlite_place)) as live:
            live.execute("DELETE FROM note")
            live.commit()
        (tmp_path / "covers").mkdir()
        (tmp_path / "covers" / "1.webp").write_bytes(os.urandom(3_000_000))
    old = backups.write()

    with files_up_to(1_000_000), pytest.raises(OutageError, match="backup failed"):
        backups.write()

    assert [each.path for each in list_all()] == [old.path]
    assert {path.name for path in settings.GHOST.backup_dir.iterdir()} == {old.path.name}
    backups.read_whole(old.path)


def test_a_dump_that_finds_the_disk_full_fails_with_the_program_s_words(postgres_place):
    old = backups.write()

    with files_up_to(1_000_000), pytest.raises(OutageError, match="pg_dump"):
        backups.write()

    assert [each.path for each in list_all()] == [old.path]
