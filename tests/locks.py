"""Somebody else who writes: the database's write lock, held by a connection of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, connections


@contextmanager
def held(*tables: str, patience_ms: int = 100) -> Iterator[None]:
    """Nobody can write meanwhile, to these tables where the database locks by table; who waits
    gives up after `patience_ms`. Wants `file_database` (SQLite), or committed rows (PostgreSQL)."""
    other = connections.create_connection("default")
    be_patient(patience_ms)
    try:
        with other.cursor() as cursor:
            if other.vendor == "sqlite":
                cursor.execute("BEGIN IMMEDIATE")
            else:
                cursor.execute("BEGIN")
                cursor.execute(f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE")
        yield
    finally:
        other.close()
        be_patient(20_000)


def be_patient(milliseconds: int) -> None:
    """This thread waits so long for others who write."""
    is_sqlite = connection.vendor == "sqlite"
    told = f"PRAGMA busy_timeout = {milliseconds}"
    with connection.cursor() as cursor:
        cursor.execute(told if is_sqlite else f"SET lock_timeout = {milliseconds}")
