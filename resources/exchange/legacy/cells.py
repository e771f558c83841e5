"""What stands in a cell of the earlier Ghost's tables: SQLite keeps any type in any column."""

from __future__ import annotations

from datetime import UTC, datetime

from ghost.core.text.unicode import one_line
from resources.exchange import records

FIRST_YEAR, LAST_YEAR = 1970, 9000
"""Moments beyond can't be compared in every zone."""


def key(value: object) -> int | None:
    """A primary key, or None."""
    return value if isinstance(value, int) and 0 < value <= records.MAX_ID else None


def line(value: object, length: int) -> str:
    """A text in one line, of so many characters at most."""
    return one_line(str(value or ""))[:length].strip()


def order(value: object) -> int:
    """A sort order; 0 for what is none."""
    return value if isinstance(value, int) and abs(value) < 2**31 else 0


def moment(value: object) -> tuple[datetime | None, bool]:
    """What it says, in UTC if it names no zone; and whether it says something that is no moment."""
    if value is None or value == "":
        return None, False
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None, True
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        return None, True
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC), False
