"""The circuits: hosts of covers that failed so often that they are left alone."""

from __future__ import annotations

from builds.models import CoverHost
from ghost.operations.figures import sentences
from ghost.operations.figures.item import MAX_ROWS, Item, Moment, Status


def item(moment: Moment) -> Item:
    """Bad while one is open."""
    hosts = list(CoverHost.objects.failing()[:MAX_ROWS])
    resting = [host for host in hosts if host.is_resting]
    rows = [
        {
            "name": host.name,
            "state": host.state,
            "failures": host.failures,
            "waiting": host.waiting,
            "open_until": host.open_until,
            "failed_at": host.failed_at,
            "last_error": host.last_error,
        }
        for host in hosts
    ]
    counts: dict[str, int | float] = {"open": len(resting), "failing": len(hosts)}
    if not resting:
        return Item("circuits", Status.OK, sentences.CLOSED(), counts=counts, rows=rows)
    names = sentences.listed([host.name for host in resting])
    return Item(
        "circuits", Status.DEGRADED, sentences.OPEN(names=names), sentences.MEND_HOST(), counts,
        last_error=resting[0].last_error, since=min(h.failed_at or moment.now for h in resting),
        rows=rows,
    )  # fmt: skip
