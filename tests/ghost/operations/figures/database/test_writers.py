"""Somebody waits long to write."""

from __future__ import annotations

import threading
import time

import psycopg
import pytest
from django.db import connection

from ghost.core import process
from ghost.core.db.sqlite import waits
from tests.ghost.operations.figures.moments import item, told
from tests.installation import wait_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(tmp_path, configure):
    """Somebody waits, as its process tells it."""
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's")
    configure(db_path=tmp_path / "ghost.db")
    (tmp_path / waits.FOLDER).mkdir()
    file = tmp_path / waits.FOLDER / process.name()
    file.write_text("12.5")
    return file


def test_nobody_waits_at_first():
    assert told("writers") == ("ok", "writers.none")


def test_a_writer_that_waits_degrades_health_until_it_is_over(waiting, client, monkeypatch):
    found, word = item("writers"), client.get("/health").json()
    monkeypatch.setattr(waits, "holder", lambda: "4711 sqlite3")
    known = item("writers")
    waiting.unlink()

    assert (str(found.status), str(found.reason)) == (
        "degraded", "somebody has waited to write for 12.5 seconds",
    )  # fmt: skip
    assert found.counts == {"waiting": 1, "longest_wait_s": 12.5}
    assert str(known.reason).endswith("process 4711 sqlite3 holds the lock")
    assert word == {"status": "degraded"}
    assert told("writers") == ("ok", "writers.none")


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_postgresql_tells_who_waits_for_whom(monkeypatch, settings):
    monkeypatch.setattr(waits, "LONG_S", 0.2)
    address, name = settings.GHOST.database_url, connection.settings_dict["NAME"]
    with (
        psycopg.connect(address, dbname=name) as holder,
        psycopg.connect(address, dbname=name) as waiter,
    ):
        holder.execute("SELECT pg_advisory_lock(7)")
        thread = threading.Thread(target=waiter.execute, args=("SELECT pg_advisory_lock(7)",))
        thread.start()
        time.sleep(0.3)
        wait_for("the wait", lambda: item("writers").is_bad, 20)
        [row] = item("writers").rows
        pids = (str(waiter.info.backend_pid), str(holder.info.backend_pid))
        holder.execute("SELECT pg_advisory_unlock(7)")
        thread.join()

    assert (row["process"], row["held_by"]) == pids
    assert told("writers") == ("ok", "writers.none")
