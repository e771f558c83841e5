"""The database before, or behind, its migrations."""

from __future__ import annotations

from django.core.management import CommandError
from django.db import OperationalError, ProgrammingError

_LACKS = ("no such table", "no such column", "does not exist")
"""As SQLite and PostgreSQL say it."""


def is_unprepared(error: BaseException) -> bool:
    """Whether this went wrong because a table or column is not there yet."""
    is_database = isinstance(error, (OperationalError, ProgrammingError))
    return is_database and any(words in str(error) for words in _LACKS)


def unprepared(error: BaseException) -> str:
    """What to do about it, in one line."""
    return f"The database is not prepared ({error}): run manage.py prepare"


def require_prepared(error: BaseException) -> None:
    """CommandError in place of that error; any other is the caller's."""
    if is_unprepared(error):
        raise CommandError(unprepared(error)) from error
