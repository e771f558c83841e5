"""Whether writers wait long for each other: the database has locks, and somebody may hold one for ever."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

from ghost.core.db.sqlite import waits
from ghost.operations.figures import sentences
from ghost.operations.figures.item import MAX_ROWS, Item, Moment, Status

_WAITING = """
SELECT waiting.pid, EXTRACT(EPOCH FROM clock_timestamp() - MIN(locks.waitstart)),
    array_to_string(pg_blocking_pids(waiting.pid), ', ')
FROM pg_stat_activity waiting JOIN pg_locks locks USING (pid)
WHERE waiting.datname = current_database() AND NOT locks.granted
GROUP BY waiting.pid HAVING clock_timestamp() - MIN(locks.waitstart) > %s * INTERVAL '1 second'
ORDER BY 2 DESC LIMIT %s
"""
"""https://www.postgresql.org/docs/current/view-pg-locks.html"""


def item(_moment: Moment) -> Item:
    """Bad, if somebody has waited for `waits.LONG_S`."""
    found = _postgresql() if connection.vendor == "postgresql" else _sqlite()
    longest_s = found[0].waited_s if found else 0.0
    counts: dict[str, int | float] = {"waiting": len(found), "longest_wait_s": longest_s}
    if not found:
        return Item("writers", Status.OK, sentences.NO_WRITER_WAITS(), counts=counts)
    told = sentences.WRITERS_WAIT(seconds=longest_s)
    if held_by := found[0].held_by:
        told = sentences.WRITERS_WAIT_FOR(seconds=longest_s, name=held_by)
    rows = [row._asdict() for row in found]
    return Item("writers", Status.DEGRADED, told, sentences.END_WRITER(), counts, rows=rows)


class _Waiting(NamedTuple):
    process: str
    waited_s: float
    held_by: str


def _sqlite() -> list[_Waiting]:
    found = waits.recent()[:MAX_ROWS]
    held_by = waits.holder() if found else ""
    return [_Waiting(wait.process, wait.waited_s, held_by) for wait in found]


def _postgresql() -> list[_Waiting]:
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [waits.LONG_S, MAX_ROWS])
        return [
            _Waiting(str(pid), round(float(waited_s), 1), held_by)
            for pid, waited_s, held_by in cursor.fetchall()
        ]
