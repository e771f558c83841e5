"""The backend's connection: how long each transaction held the write lock, and whose it was."""

from __future__ import annotations

from time import monotonic

from django.db.backends.sqlite3 import base

from ghost.core.db import garbage, holds


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that measures its write transactions, and collects no garbage in them."""

    transaction_mode: str | None
    _held_since: float | None = None

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
