"""Whether workers have to be replaced again and again for their memory."""

from __future__ import annotations

from collections import Counter

from ghost.operations.figures import sentences
from ghost.operations.figures.item import MAX_ROWS, Item, Moment, Status
from ghost.operations.workers.models import WorkerReplacement

TOO_OFTEN = 3
"""Of one host, within the hour that is counted."""


def item(moment: Moment) -> Item:
    """Bad, if a host had to replace TOO_OFTEN."""
    found = list(WorkerReplacement.objects.of_late(moment.now)[:MAX_ROWS])
    by_host = Counter(row.host for row in found)
    counts: dict[str, int | float] = {
        "replaced_within_an_hour": len(found),
        "most_bytes": max((row.memory_mb for row in found), default=0) << 20,
    }
    rows = [
        {"host": row.host, "pid": row.pid, "memory_mb": row.memory_mb, "at": row.at}
        for row in found
    ]
    often = sorted(host for host, number in by_host.items() if number >= TOO_OFTEN)
    if often:
        told = sentences.REPLACED_OFTEN(names=sentences.listed(often))
        since = min(row.at for row in found)
        return Item(
            "processes", Status.DEGRADED, told, sentences.MORE_MEMORY(), counts,
            since=since, rows=rows,
        )  # fmt: skip
    told = sentences.REPLACED(number=len(found))
    return Item("processes", Status.OK, told, counts=counts, rows=rows)
