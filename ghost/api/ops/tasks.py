"""What workers did of late."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from ghost.api.ops import access
from ghost.core.audit import people
from ghost.core.http.schema.schemas import Documented, Moment, Out
from ghost.core.jobs.models import JobKind
from ghost.operations.dashboards import recent_tasks
from ghost.operations.dashboards.recent_tasks import EndedTask, Level
from teams.models import Token

router = Router(tags=[access.TAG])


class EndedTaskOut(Out):
    """A task that ended."""

    task_id: str
    """Identifies the task; `/api/tasks/{task_id}` knows it if somebody asked for it."""
    func: str
    """The function that a worker ran."""
    kind: JobKind | None
    """What sort of work it was, if somebody asked for it."""
    level: Level
    """`error`: it failed. `warning`: it went well at another try. `info`: it went well."""
    started_at: Moment
    """When it was put into the queue."""
    finished_at: Moment
    """When it ended."""
    duration_s: float
    """Seconds from the one to the other."""
    attempts: int
    """How often a worker ended it."""
    said: str | None
    """What came of it, or the error, for people to read. Null if it said nothing; and for people who may not see
    operators' names, which may be in it."""

    example: ClassVar = {
        "task_id": "b1946ac92492d234",
        "func": "dht.tasks.run_probes",
        "kind": "probe",
        "level": "info",
        "started_at": "2026-01-31T10:00:01+00:00",
        "finished_at": "2026-01-31T10:00:04+00:00",
        "duration_s": 3.0,
        "attempts": 1,
        "said": "probed: 3",
    }


class RecentIn(Documented):
    """Which tasks to list."""

    level: Level = Level.INFO
    """Only those of this level and above."""
    limit: int = Field(50, ge=1, le=500)
    """Maximum number of tasks."""

    example: ClassVar = {"level": "error", "limit": 20}


@router.get(
    "/tasks/recent",
    auth=access.READ,
    response={200: list[EndedTaskOut]},
    operation_id="recent_task_list",
    summary="List tasks that ended of late",
)
def list_recent(request: HttpRequest, wanted: Query[RecentIn]) -> list[EndedTask]:
    """Get the tasks that ended last, newest first: those of the last `GHOST_KEEP_DAYS`, and of those that went well the
    last 1,000."""
    is_told = isinstance(getattr(request, "auth", None), Token) or people.can_see_people()
    return recent_tasks.recent(wanted.level, wanted.limit, is_told=is_told)
