"""When the database itself is why something can't be done now: locked by others, or away."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError

OUTAGES = (OperationalError, InterfaceError)
"""Locked, deadlocked, out of reach, a connection that broke: the same may work later."""
_BUSY_WORDS = (
    "database is locked",
    "table is locked",
    "database is busy",
    "couldn't get a connection after",
)
"""As SQLite says it, and a pool of connections to PostgreSQL that are all in use."""
_BUSY_STATES = frozenset({"55P03", "40P01", "40001", "57014"})
"""As PostgreSQL does: lock_not_available, deadlock_detected, serialization_failure,
query_canceled."""


def is_busy(error: BaseException) -> bool:
    """Whether others hold what was asked for: nothing is broken, and nobody has to do anything."""
    state = getattr(error.__cause__, "sqlstate", None)
    return state in _BUSY_STATES or any(words in str(error) for words in _BUSY_WORDS)
