"""The database before, or behind, its migrations; and as it is at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import CommandError
from django.db import OperationalError, ProgrammingError, connection, transaction

_LACKS = ("no such table", "no such column")
"""As SQLite says it."""
_UNDEFINED = frozenset({"42P01", "42703"})
"""As PostgreSQL does, in any language: undefined_table, undefined_column."""
_AWAY = ("08", "28", "3D", "57P")
"""Classes of its errors: no connection, not let in, no such database, shutting down."""


def trouble(error: BaseException) -> str:
    """What an operator can do about it, in one line; empty if this is none of theirs.

    The database can't be reached, or lacks a table or column that migrations make.
    """
    if not isinstance(error, (OperationalError, ProgrammingError)):
        return ""
    told = str(error).strip().replace("\n", " ")
    if _is_away(error.__cause__):
        return f"The database can't be reached ({told}): look at GHOST_DATABASE_URL"
    if _is_behind(error):
        return f"The database is not prepared ({told}): run manage.py prepare"
    return ""


def _is_away(cause: BaseException | None) -> bool:
    state = getattr(cause, "sqlstate", "")  # None: it never came to talk with the server
    return state is None or (bool(state) and state.startswith(_AWAY))


def _is_behind(error: BaseException) -> bool:
    is_undefined = getattr(error.__cause__, "sqlstate", "") in _UNDEFINED
    return is_undefined or any(words in str(error) for words in _LACKS)


def require_prepared(error: BaseException) -> None:
    """CommandError in place of an error that is `trouble`; any other is the caller's."""
    if told := trouble(error):
        raise CommandError(told) from error


@contextmanager
def one_moment() -> Iterator[None]:
    """All reads inside see the database at one moment, and no writer waits for them."""
    if connection.in_atomic_block:
        yield
        return
    mode = getattr(connection, "transaction_mode", None)
    if connection.vendor == "sqlite":
        connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]  # SQLite's own
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    finally:
        if connection.vendor == "sqlite":
            connection.transaction_mode = mode  # type: ignore[attr-defined]  # SQLite's own
