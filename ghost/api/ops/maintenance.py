"""Removing what is beyond its bound by hand, or looking at what that would be."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from ghost.api.ops import access
from ghost.core.http.schema.schemas import Documented, In, Out
from ghost.operations import cleanup
from ghost.operations.cleanup import Report

router = Router(tags=[access.TAG])


class CleanupIn(In):
    """What to remove."""

    days: int | None = Field(None, ge=1, le=36_500, strict=True)
    """Keep health samples, scans, builds, ended tasks and their like for so many days, if that is less than
    `GHOST_KEEP_DAYS`. Null or left out: for as long as they are kept anyway. The audit trail keeps its own time."""
    dry_run: bool = Field(default=False, strict=True)
    """Whether to remove nothing and only say what would be."""

    example: ClassVar = {"days": 30, "dry_run": True}


class BoundOut(Out):
    """One thing that grows, and what is beyond its bound."""

    name: str
    """Name of the bound."""
    title: str
    """What it holds, for people to read."""
    where: str
    """The table, or the variable that names the folder."""
    kept_for_s: int
    """For how many seconds something is kept beyond its end, if no fewer days were asked for."""
    number: int
    """How many rows or files were removed, or would be."""
    error: str | None
    """Why it could not be done; null if it could."""

    example: ClassVar = {
        "name": "health-samples",
        "title": "health samples",
        "where": "dht.HealthSample",
        "kept_for_s": 7_776_000,
        "number": 120,
        "error": None,
    }


class CleanupOut(Documented):
    """What was removed, or would be."""

    dry_run: bool
    """Whether nothing was removed."""
    days: int | None
    """The days that were asked for."""
    total: int
    """Number of rows and files in all."""
    task_id: str | None
    """With `202`: the task that removes them, since they are more than a request can wait for."""
    items: list[BoundOut]
    """Each bound, also where nothing is beyond it."""

    example: ClassVar = {
        "dry_run": True,
        "days": 30,
        "total": 120,
        "task_id": None,
        "items": [BoundOut.example],
    }


@router.post(
    "/maintenance/cleanup",
    auth=access.WRITE,
    response={200: CleanupOut, 202: CleanupOut},
    operation_id="cleanup_start",
    summary="Delete what is old",
)
def clean_up(request: HttpRequest, body: CleanupIn) -> Status[dict[str, Any]]:
    """Remove expired invitations and sessions, old samples, tasks, builds and events, and files that nothing needs,
    as the schedules do each day, and say what was removed. `202`: it is more than a request can wait for;
    `items` tells how much, and a task removes it.
    """
    report = cleanup.run(body.days, dry_run=body.dry_run)
    return Status(202 if report.task_id else 200, _shown(report))


def _shown(report: Report) -> dict[str, Any]:
    return {
        "dry_run": report.dry_run,
        "days": report.days,
        "total": report.total,
        "task_id": report.task_id,
        "items": [
            {
                "name": each.name,
                "title": str(each.title),
                "where": each.where,
                "kept_for_s": each.kept_for_s,
                "number": each.number,
                "error": str(each.error) or None,
            }
            for each in report.outcomes
        ],
    }
