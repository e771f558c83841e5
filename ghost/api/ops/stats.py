"""How much there is, and what was counted."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpRequest
from ninja import Router

from ghost.api.ops import access
from ghost.core.http.schema.schemas import Documented, Moment, Out
from ghost.operations.stats import snapshot
from ghost.operations.stats.snapshot import Stats

router = Router(tags=[access.TAG])


class ItemOut(Out):
    """How one part of the installation stands, and what it counts."""

    name: str
    """Name of the item, as in `/health`."""
    status: str
    """`ok`, `degraded`, `down` or `unknown`."""
    counts: dict[str, float]
    """Its numbers by name."""

    example: ClassVar = {"name": "queue", "status": "ok", "counts": {"waiting": 0, "running": 1}}


class CatalogOut(Out):
    """How much there is, as it was counted last."""

    counted_at: Moment
    """When that was: once a minute, less often where it takes long."""
    counts: dict[str, int | dict[str, int]]
    """Numbers by name; or by name and value, such as resources by where they stand."""

    example: ClassVar = {
        "counted_at": "2026-01-31T10:00:00+00:00",
        "counts": {"resources_by_state": {"live": 4711, "draft": 12}, "categories": 20},
    }


class CounterOut(Documented):
    """How often something happened since the database was made, over all processes."""

    name: str
    """Name of the counter, as in `/metrics` without `_total`."""
    labels: dict[str, str]
    """Which of it."""
    value: float
    """How often."""

    example: ClassVar = {"name": "ghost_probes", "labels": {"result": "ok"}, "value": 4711.0}


class FiguresOut(Out):
    """The figures of `/health` and `/metrics` at one moment."""

    status: str
    """`ok`, `degraded` or `loading`."""
    gathered_at: Moment
    """When the items were looked at."""
    items: list[ItemOut]
    """Each item of `/health`."""
    catalog: CatalogOut | None
    """How much there is; null before it was counted first."""
    counters: list[CounterOut]
    """What happened; each process adds its own every ten seconds."""

    example: ClassVar = {
        "status": "ok",
        "gathered_at": "2026-01-31T10:00:00+00:00",
        "items": [ItemOut.example],
        "catalog": CatalogOut.example,
        "counters": [CounterOut.example],
    }


@router.get(
    "/stats",
    auth=access.READ,
    response={200: FiguresOut},
    operation_id="stats_read",
    summary="Get how much there is and what was counted",
)
def get_stats(request: HttpRequest) -> Stats:
    """Get the numbers of every part of the installation, as `/metrics` tells them."""
    return snapshot.look()
