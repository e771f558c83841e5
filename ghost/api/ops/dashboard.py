"""The summary that a dashboard shows first."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest
from ninja import Router

from ghost.api.ops import access
from ghost.api.ops.queues import DrainOut
from ghost.api.ops.stats import CatalogOut
from ghost.core.http.schema.schemas import Documented, Moment
from ghost.operations.dashboards import dashboard_summary

router = Router(tags=[access.TAG])


class ProblemOut(Documented):
    """Something that needs a person."""

    name: str
    """Name of the item, as in `/health`."""
    title: str
    """What it is called."""
    status: str
    """`degraded` or `down`."""
    reason: str
    """What is wrong."""
    advice: str
    """What to do."""
    since: Moment | None
    """Since when, where that is known."""

    example: ClassVar = {
        "name": "workers",
        "title": "Worker",
        "status": "down",
        "reason": "no worker is alive",
        "advice": "Start the worker.",
        "since": "2026-01-31T10:00:00+00:00",
    }


class BuildSummaryOut(Documented):
    """How the public site stands."""

    status: str
    """`ok`, `degraded` or `unknown`."""
    reason: str
    """The same, for people to read."""
    is_pending: bool
    """Whether changes wait to be built."""
    pages: int
    """Number of pages of the site."""

    example: ClassVar = {"status": "ok", "reason": "built", "is_pending": False, "pages": 4711}


class DashboardOut(Documented):
    """The installation at a glance."""

    status: str
    """`ok`, `degraded` or `loading`, as in `/health`."""
    gathered_at: Moment
    """When it was looked at."""
    problems: list[ProblemOut]
    """What needs a person, the worst first."""
    catalog: CatalogOut | None
    """How much there is; null before it was counted first."""
    queue: DrainOut
    """What runs, what waits, and whether it is paused."""
    build: BuildSummaryOut
    """The last build, and whether one is due."""
    workers: int
    """Number of worker hosts that are alive."""
    failed_tasks: int
    """Number of tasks that failed within the last day."""
    circuits_open: int
    """Number of hosts and services that are left alone."""
    dht_nodes: int | None
    """Number of DHT nodes that answer; null if that is not known."""
    last_backup_age_s: float | None
    """How old the newest backup is, in seconds; null without one."""
    least_free_disk_percent: float | None
    """What is free on the fullest disk in use, in percent."""

    example: ClassVar = {
        "status": "degraded",
        "gathered_at": "2026-01-31T10:00:00+00:00",
        "problems": [ProblemOut.example],
        "catalog": CatalogOut.example,
        "queue": DrainOut.example,
        "build": BuildSummaryOut.example,
        "workers": 1,
        "failed_tasks": 0,
        "circuits_open": 0,
        "dht_nodes": 312,
        "last_backup_age_s": 3600.0,
        "least_free_disk_percent": 41.5,
    }


@router.get(
    "/dashboard",
    auth=access.READ,
    response={200: DashboardOut},
    operation_id="dashboard_read",
    summary="Get the installation at a glance",
)
def read_dashboard(request: HttpRequest) -> dict[str, Any]:
    """Get what the admin's first page shows: what needs a person, and the main numbers."""
    return dashboard_summary.look()
