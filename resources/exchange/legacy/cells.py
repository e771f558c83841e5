"""What stands in a cell of the earlier Ghost's tables: SQLite keeps any type in any column."""

from __future__ import annotations

from datetime import datetime

from ghost.core import moments
from ghost.core.errors import RefusedError
from ghost.core.text.unicode import one_line
from resources.exchange import records


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
        return moments.parse(str(value), is_utc=True), False
    except RefusedError:
        return None, True
