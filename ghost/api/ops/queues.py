"""The queue: what waits, what runs, who works; and its pause."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar, Literal

from django.http import HttpRequest
from ninja import Router

from ghost.api.ops import access
from ghost.core.http.schema.schemas import Documented, Moment, Out
from ghost.core.jobs import pause
from ghost.core.jobs.pause import Drain, QueueState
from ghost.operations.dashboards import queue_state

router = Router(tags=[access.TAG])


class Status(StrEnum):
    """How the queue stands."""

    ONLINE = "online"
    DEGRADED = "degraded"
    """It is paused, or something in it needs a person."""
    OFFLINE = "offline"
    """No worker is alive."""


class QueueOut(Documented):
    """How much is in a queue."""

    name: str
    """Name of the queue."""
    size: int
    """Number of tasks that wait."""
    deferred: int
    """Number of those that may not begin yet, since the queue is paused."""
    scheduled: int
    """Number of schedules that put tasks into it by the clock."""
    started: int
    """Number of tasks that workers have begun."""
    failed: int
    """Number of tasks that failed within the last day."""

    example: ClassVar = {
        "name": "ghost",
        "size": 12,
        "deferred": 0,
        "scheduled": 13,
        "started": 1,
        "failed": 0,
    }


class WorkerOut(Documented):
    """A process of a worker host."""

    name: str
    """What the process is, with its number."""
    host: str
    """The host that it runs on."""
    state: str
    """`idle` or `busy`; `dead` if its host was not heard of for 90 seconds."""
    current_task: str | None
    """The function that it runs; null if none."""
    started_at: Moment | None
    """When it began its task, or was started; null where the system does not tell."""
    last_seen_at: Moment
    """When its host was last heard of."""

    example: ClassVar = {
        "name": "worker:4711",
        "host": "ghost-1",
        "state": "busy",
        "current_task": "dht.tasks.run_probes",
        "started_at": "2026-01-31T10:00:01+00:00",
        "last_seen_at": "2026-01-31T10:00:04+00:00",
    }


class SchedulerOut(Documented):
    """What runs by the clock."""

    enabled: bool
    """Whether schedules run at all (`GHOST_ENABLE_SCHEDULER`)."""
    scheduled_jobs: int
    """Number of schedules that are not paused."""
    overdue: int
    """Number of schedules that should have run by now."""

    example: ClassVar = {"enabled": True, "scheduled_jobs": 13, "overdue": 0}


class SecretOut(Out):
    """A secret of the configuration, without its value."""

    name: str
    """The variable that sets it."""
    source: str
    """Where it comes from: `environment`, `.env`, `default`, or `generated` on the first start."""
    ok: bool
    """Whether it can be used, and its file is its owner's alone."""

    example: ClassVar = {"name": "GHOST_TOKEN_PEPPER", "source": "generated", "ok": True}


class VaultOut(Documented):
    """The secrets of the configuration."""

    status: Literal["ok", "degraded"]
    """`degraded` if one of them is not `ok`."""
    secrets: list[SecretOut]
    """Each that is set, or made on the first start."""

    example: ClassVar = {"status": "ok", "secrets": [SecretOut.example]}


class DrainOut(Out):
    """Whether tasks are begun, and how far the queue is with coming to rest."""

    state: QueueState
    """`active`: tasks are begun. `draining`: it is paused, and what was begun still runs. `drained`: it is
    paused, and nothing runs."""
    is_drained: bool
    """Whether nothing runs, and nothing will before the queue is resumed."""
    paused_at: Moment | None
    """Since when it is paused; null while it is active."""
    running: int
    """Number of tasks that workers have begun."""
    waiting: int
    """Number of tasks that wait."""

    example: ClassVar = {
        "state": "draining",
        "is_drained": False,
        "paused_at": "2026-01-31T10:00:00+00:00",
        "running": 1,
        "waiting": 12,
    }


class QueuesOut(Documented):
    """The queue, and who works on it."""

    status: Status
    """`online`, `degraded` (it is paused, or needs a person) or `offline` (no worker is alive)."""
    queues: list[QueueOut]
    """Each queue."""
    workers: list[WorkerOut]
    """Each process of each worker host; of a dead host those that it had."""
    scheduler: SchedulerOut
    """Whether the clock puts tasks into the queue, and how many schedules do."""
    vault: VaultOut
    """How each secret is kept, without its value."""
    pause: DrainOut
    """Whether the queue is paused, and whether anything still runs."""

    example: ClassVar = {
        "status": "online",
        "queues": [QueueOut.example],
        "workers": [WorkerOut.example],
        "scheduler": SchedulerOut.example,
        "vault": VaultOut.example,
        "pause": DrainOut.example,
    }


@router.get(
    "/queues",
    auth=access.READ,
    response={200: QueuesOut},
    operation_id="queue_list",
    summary="Get the state of the queue and its workers",
)
def list_queues(request: HttpRequest) -> dict[str, Any]:
    """Get what waits, what runs, who works, what runs by the clock, and how secrets are kept."""
    return queue_state.look()


@router.post(
    "/queues/pause",
    auth=access.WRITE,
    response={200: DrainOut},
    operation_id="queue_pause",
    summary="Pause the queue",
)
def pause_queue(request: HttpRequest) -> Drain:
    """Start nothing new on any host, however often it is restarted, until the queue is resumed; what runs
    comes to its end. Ask again, or read `/api/ops/queues`, until `is_drained` is true. What is taken down leaves
    the local site all the same.
    """
    return pause.pause()


@router.post(
    "/queues/resume",
    auth=access.WRITE,
    response={200: DrainOut},
    operation_id="queue_resume",
    summary="Resume the queue",
)
def resume_queue(request: HttpRequest) -> Drain:
    """Let workers begin tasks again, and what should have run by the clock meanwhile."""
    return queue_state.resume()
