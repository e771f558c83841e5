"""Small writes beside a request that needs none: done now, or left for the next time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

MOST_MS = 20
"""PostgreSQL locks single rows, for moments: so long is waited for one."""


@contextmanager
def nowait() -> Iterator[None]:
    """A transaction that doesn't wait for others: OperationalError at once while they write.

    So a GET never waits for the write lock. Inside of another transaction it is a part of that one,
    and waits as that one does.
    """
    if connection.in_atomic_block:
        limits = _no_limit()
    else:
        limits = _sqlite() if connection.vendor == "sqlite" else _postgresql()
    with limits:
        yield


@contextmanager
def _no_limit() -> Iterator[None]:
    with transaction.atomic():
        yield


@contextmanager
def _sqlite() -> Iterator[None]:
    connection.ensure_connection()
    raw = connection.connection
    (usual_ms,) = raw.execute("PRAGMA busy_timeout").fetchone()
    raw.execute("PRAGMA busy_timeout = 0")
    try:
        with transaction.atomic():
            yield
    finally:
        raw.execute(f"PRAGMA busy_timeout = {usual_ms:d}")


@contextmanager
def _postgresql() -> Iterator[None]:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {MOST_MS}")  # ends with the transaction
        yield
