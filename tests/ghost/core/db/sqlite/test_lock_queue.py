from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.db import OperationalError, connections

from ghost.core.config.database import Patience, sqlite
from ghost.core.db.sqlite import lock_queue
from ghost.core.db.sqlite.base import DatabaseWrapper
from tests.installation import wait_for

pytestmark = pytest.mark.django_db  # for connections of its own, to a file

THREADS = 8


@pytest.fixture
def database(tmp_path, monkeypatch) -> Path:
    """A file whose write lock is waited for by threads of this process alone."""
    monkeypatch.setattr(lock_queue, "LONG_S", 0.5)
    path = tmp_path / "ghost.db"
    with closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA journal_mode=WAL")  # else a connection's first statement waits too
        made.execute("CREATE TABLE kept (number INTEGER)")
    return path


@contextmanager
def holding(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def write(path: Path, statement: str = "BEGIN IMMEDIATE") -> bool:
    """Whether the lock was got."""
    usual = connections.settings["default"]
    ours = DatabaseWrapper(usual | sqlite(path, Patience(20)), "default")
    ours.inc_thread_sharing()
    try:
        ours.ensure_connection()
        with ours.cursor() as cursor:
            cursor.execute(statement)
    except OperationalError:
        return False
    finally:
        ours.close()
    return True


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "DELETE FROM kept"])
def test_few_threads_wait_for_a_lock_that_is_held_for_long(database, statement):
    with ThreadPoolExecutor(THREADS) as pool, holding(database) as other:
        tried = [pool.submit(write, database, statement) for _ in range(THREADS)]
        refused = THREADS - lock_queue.PLACES

        wait_for(
            "those who are too many", lambda: sum(each.done() for each in tried) == refused, 10
        )
        late = pool.submit(write, database, statement).result(timeout=120)
        other.execute("ROLLBACK")

    assert sum(each.result() for each in tried) == lock_queue.PLACES
    assert not late


def test_all_threads_wait_while_it_comes_round(database, monkeypatch):
    monkeypatch.setattr(lock_queue, "LONG_S", 60)
    with ThreadPoolExecutor(THREADS) as pool, holding(database) as other:
        tried = [pool.submit(write, database) for _ in range(THREADS)]
        wait_for("all of them", lambda: len(lock_queue.queue._waiting) == THREADS)
        other.execute("ROLLBACK")

    assert all(each.result() for each in tried)


def test_a_connection_waits_as_long_as_before_when_it_has_waited(database):
    ours = DatabaseWrapper(
        connections.settings["default"] | sqlite(database, Patience(20)), "default"
    )
    ours.ensure_connection()
    raw = ours.connection

    ours._start_transaction_under_autocommit()
    ours._rollback()

    assert raw.execute("PRAGMA busy_timeout").fetchone() == (20_000,)
    raw.close()
