"""Who waits long for the write lock is seen while nobody can write, and forgotten when it is over."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.db import OperationalError, connections

from ghost.core import process
from ghost.core.config.database import Patience, sqlite
from ghost.core.db.sqlite import waits
from ghost.core.db.sqlite.base import DatabaseWrapper

pytestmark = pytest.mark.django_db  # for connections of its own, to a file


@pytest.fixture
def database(tmp_path, configure, monkeypatch) -> Path:
    path = tmp_path / "ghost.db"
    configure(db_path=path)
    monkeypatch.setattr(waits, "LONG_S", 0.4)
    monkeypatch.setattr(waits, "NOTED_EVERY_S", 0.1)
    with closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE kept (number INTEGER)")
    return path


@contextmanager
def holding(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def connected(path: Path, lock_s: int = 1) -> Iterator[DatabaseWrapper]:
    usual = connections.settings["default"]
    ours = DatabaseWrapper(usual | sqlite(path, Patience(lock_s)), "default")
    ours.ensure_connection()
    yield ours
    ours.connection.close()


def write(ours: DatabaseWrapper) -> None:
    with ours.cursor() as cursor:
        cursor.execute("INSERT INTO kept VALUES (1)")


def test_a_long_wait_is_told_with_who_holds_the_lock(database):
    with connected(database) as ours, holding(database):
        with pytest.raises(OperationalError):
            write(ours)
        [wait] = waits.recent()
        holder = waits.holder()

    assert wait.process == process.name()
    assert 0.4 <= wait.waited_s < 5
    assert holder.split()[0] == str(os.getpid())
    assert waits.holder() == ""


def test_it_is_told_for_a_while_after_its_end_and_then_no_more(database):
    with connected(database) as ours:
        with holding(database), pytest.raises(OperationalError):
            write(ours)
        write(ours)
    told = waits.recent()
    [file] = (database.parent / waits.FOLDER).iterdir()
    long_ago = time.time() - waits.TOLD_FOR_S - 1
    os.utime(file, (long_ago, long_ago))

    assert len(told) == 1
    assert waits.recent() == []


def test_short_tries_in_a_row_are_one_wait(monkeypatch, database):
    ours = waits.Waits()
    now = time.monotonic()
    moments = iter([now, now + 0.3, now + 0.5, now + 100])
    monkeypatch.setattr(time, "monotonic", lambda: next(moments))

    ours.note(now)
    ours.note(now + 0.2)
    early = waits.recent()
    ours.note(now + 0.4)
    late = [wait.waited_s for wait in waits.recent()]
    (database.parent / waits.FOLDER / process.name()).unlink()
    ours.note(now + 99.9)  # long after the others gave up

    assert (early, late) == ([], [0.5])
    assert waits.recent() == []


def test_who_got_the_lock_waits_no_more(monkeypatch, database):
    ours = waits.Waits()
    now = time.monotonic()
    ours.note(now - 0.3)
    ours.over()
    ours.note(now)

    assert waits.recent() == []


def test_a_try_that_would_not_wait_is_no_wait(database):
    with connected(database, 0) as ours, holding(database):
        began = time.monotonic()
        while time.monotonic() - began < 0.5:
            with pytest.raises(OperationalError):
                write(ours)

    assert waits.recent() == []


def test_what_dead_processes_left_is_swept(database):
    folder = database.parent / waits.FOLDER
    folder.mkdir()
    (folder / "old").write_text("12")
    os.utime(folder / "old", (1, 1))

    with connected(database) as ours, holding(database), pytest.raises(OperationalError):
        write(ours)

    assert [file.name for file in folder.iterdir()] == [process.name()]


def test_a_file_that_says_nothing_is_passed_over(database):
    folder = database.parent / waits.FOLDER
    folder.mkdir()
    (folder / "odd").write_text("?")

    assert waits.recent() == []
