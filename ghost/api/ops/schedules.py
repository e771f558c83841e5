"""What runs by the clock: when, how it went, and having it run now."""

from __future__ import annotations

from typing import Annotated, ClassVar

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django_q.models import Schedule
from ninja import P, PathEx, Router, Status
from pydantic import StringConstraints

from ghost.api.ops import access
from ghost.core.http.schema.schemas import NO_NUL, Documented, Moment
from ghost.operations import schedules
from ghost.operations.figures.queue import timetable

router = Router(tags=[access.TAG])

Name = PathEx[
    Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL)],
    P(description="The `name` of a schedule.", example="scan-health"),
]


class ScheduleOut(Documented):
    """What runs by the clock."""

    name: str
    """Name of the schedule."""
    every_minutes: int | None
    """Minutes from one run to the next; null if it runs at times of day."""
    cron: str | None
    """Times of day and weekdays as cron writes them; null if it runs every so many minutes."""
    time_zone: str | None
    """The IANA time zone of `cron`."""
    last_run_at: Moment | None
    """When its last run ended."""
    next_run_at: Moment | None
    """When it runs next; null while it is paused."""
    is_ok: bool | None
    """Whether its last run went well."""
    is_running: bool
    """Whether a worker runs it now."""
    is_overdue: bool
    """Whether it should have run by now."""
    is_paused: bool
    """Whether an operator paused it."""

    example: ClassVar = {
        "name": "scan-health",
        "every_minutes": None,
        "cron": "30 2 * * *",
        "time_zone": "Europe/Berlin",
        "last_run_at": "2026-01-31T01:31:10+00:00",
        "next_run_at": "2026-02-01T01:30:00+00:00",
        "is_ok": True,
        "is_running": False,
        "is_overdue": False,
        "is_paused": False,
    }


class RunOut(Documented):
    """A run that was asked for."""

    task_id: str
    """The task in the queue: see `/api/tasks/{task_id}`."""

    example: ClassVar = {"task_id": "b1946ac92492d234"}


@router.get(
    "/schedules",
    auth=access.READ,
    response={200: list[ScheduleOut]},
    operation_id="schedule_list",
    summary="List what runs by the clock",
)
def list_schedules(request: HttpRequest) -> list[dict[str, object]]:
    """Get each schedule with its last and its next run."""
    now = timezone.now()
    return [entry.plain(now) | {"name": entry.slug} for entry in timetable.entries()]


@router.post(
    "/schedules/{name}/run",
    auth=access.WRITE,
    response={202: RunOut},
    operation_id="schedule_run",
    summary="Run a schedule now",
)
def run_schedule(request: HttpRequest, name: Name) -> Status[dict[str, str]]:
    """Put its task into the queue, whenever it is due next. `409` if it waits there or runs already."""
    found = schedules.find(name)
    get_object_or_404(Schedule, name=found.name if found else "")
    return Status(202, {"task_id": schedules.run_now(name)})
