"""The backend's connection: how long each transaction held the write lock, and whose it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from django.db.backends.sqlite3 import base

from ghost.core.db import garbage, holds
from ghost.core.db.outages import is_busy
from ghost.core.db.sqlite.lock_queue import queue
from ghost.core.db.sqlite.waits import waits

TRY_MS = 250
"""So long SQLite itself waits, before it is looked whether to go on."""


TAKE_THE_LOCK = ("BEGIN IMMEDIATE", "INSERT", "UPDATE", "DELETE", "REPLACE")
"""How statements begin that wait for it, outside of a transaction."""


class _Cursor(base.SQLiteCursorWrapper):
    """OperationalError from a write if others hold the lock for longer than this connection, or this
    process, waits for it."""

    def execute(self, query: str, params: Any = None) -> Any:  # noqa: ANN401  # Django's
        if self.connection.in_transaction or not query.startswith(TAKE_THE_LOCK):
            return super().execute(query, params)
        with self._own_patience() as patience_ms, queue.joined() as may_wait:
            began = monotonic()
            deadline = began + patience_ms / 1000
            while True:
                is_last = monotonic() >= deadline or not may_wait()
                self._set_patience(0 if is_last else min(TRY_MS, patience_ms))
                try:
                    result = super().execute(query, params)
                except sqlite3.OperationalError as error:
                    if patience_ms and is_busy(error):
                        waits.note(began)
                    if is_last or not is_busy(error):
                        raise
                else:
                    waits.over()
                    return result

    @contextmanager
    def _own_patience(self) -> Iterator[int]:
        """In milliseconds; it is the same afterwards."""
        (patience_ms,) = self.connection.execute("PRAGMA busy_timeout").fetchone()
        try:
            yield patience_ms
        finally:
            self._set_patience(patience_ms)

    def _set_patience(self, patience_ms: int) -> None:
        self.connection.execute(f"PRAGMA busy_timeout = {patience_ms:d}")


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that measures its write transactions, and collects no garbage in them."""

    transaction_mode: str | None
    _held_since: float | None = None

    def create_cursor(self, name: str | None = None) -> base.SQLiteCursorWrapper:
        """One whose writes wait in turn."""
        cursor: base.SQLiteCursorWrapper = self.connection.cursor(factory=_Cursor)
        return cursor

    def _start_transaction_under_autocommit(self) -> None:
        super()._start_transaction_under_autocommit()  # type: ignore[misc]  # no stub has it
        if self.transaction_mode == "IMMEDIATE":  # the lock is ours from now on
            self._held_since = monotonic()
            garbage.hold_back()

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]  # as above
        self._tell()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # as above
        finally:
            self._tell()

    def _close(self) -> None:
        super()._close()  # type: ignore[misc]  # as above
        self._tell()

    def _tell(self) -> None:
        since, self._held_since = self._held_since, None
        if since is not None:
            garbage.let_go()
            holds.tell(monotonic() - since)
