"""What was slow of late."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from ghost.api.ops import access
from ghost.core.db import clock
from ghost.core.http.schema.schemas import Documented, Moment
from ghost.core.measurements.models import SLOW_KEPT, SlowCall
from ghost.core.measurements.slowest import SLOW_S, SlowKind

router = Router(tags=[access.TAG])

MOST_HOURS = int(SLOW_KEPT.total_seconds() // 3600)


class SlowOut(Documented):
    """Calls of one name that were slow."""

    name: str
    """Method and pattern of the address, the query without its values, or the task's function."""
    times: int
    """How often it was slow."""
    mean_s: float
    """Seconds that those calls took in the mean."""
    longest_s: float
    """Seconds that the longest took."""
    longest_at: Moment
    """When that was."""
    where: str
    """Of the longest: id of the request or task, as in the log; of a query the functions that asked."""

    example: ClassVar = {
        "name": "GET /api/resources",
        "times": 12,
        "mean_s": 0.31,
        "longest_s": 0.72,
        "longest_at": "2026-01-31T10:00:00+00:00",
        "where": "9f1c2b7a4d5e6f70",
    }


class ProfileOut(Documented):
    """What was slow, of each kind the longest first."""

    since: Moment
    """When the time begins that is told; whole hours are counted."""
    slow_from_s: dict[SlowKind, float]
    """From how many seconds on something is slow, by its kind."""
    requests: list[SlowOut]
    """Requests to the web servers."""
    queries: list[SlowOut]
    """Queries of the database, waiting for others included."""
    tasks: list[SlowOut]
    """Tasks of the workers."""

    example: ClassVar = {
        "since": "2026-01-31T09:00:00+00:00",
        "slow_from_s": {"request": 0.25, "query": 0.05, "task": 1.0},
        "requests": [SlowOut.example],
        "queries": [],
        "tasks": [],
    }


class Look(Documented):
    """How far back, and how many."""

    hours: int = Field(1, ge=1, le=MOST_HOURS)
    """Number of hours to look back."""
    limit: int = Field(20, ge=1, le=50)
    """Maximum number of names of each kind."""

    example: ClassVar = {"hours": 1, "limit": 20}


@router.get(
    "/profile",
    auth=access.READ,
    response={200: ProfileOut},
    operation_id="profile_read",
    summary="Get what was slow of late",
)
def get_profile(request: HttpRequest, look: Query[Look]) -> dict[str, Any]:
    """Get the slowest requests, queries and tasks of all processes, by name."""
    since = clock.now() - timedelta(hours=look.hours)
    return {"since": since, "slow_from_s": SLOW_S} | {
        name: _slowest(kind, since, look.limit)
        for name, kind in (
            ("requests", SlowKind.REQUEST),
            ("queries", SlowKind.QUERY),
            ("tasks", SlowKind.TASK),
        )
    }


def _slowest(kind: SlowKind, since: datetime, limit: int) -> list[dict[str, object]]:
    return [
        {
            "name": name,
            "times": calls.calls,
            "mean_s": round(calls.mean_s, 4),
            "longest_s": round(calls.longest_s, 4),
            "longest_at": calls.longest_at,
            "where": calls.where,
        }
        for name, calls in SlowCall.objects.since(since).slowest(kind, limit)
    ]
