"""What Ghost is connected to, and beginning with it anew."""

from __future__ import annotations

from typing import Annotated, ClassVar

from django.http import HttpRequest
from ninja import P, PathEx, Router
from pydantic import StringConstraints

from ghost.api.ops import access
from ghost.core.http.schema.schemas import NO_NUL, Moment, Out
from ghost.operations import connections
from ghost.operations.connections import Reset, Service

router = Router(tags=[access.TAG])

Name = PathEx[
    Annotated[str, StringConstraints(max_length=280, pattern=NO_NUL)],
    P(
        description="`dht` or `redis`; a circuit by its kind and name, such as `cover_host:cdn.example`;"
        " or all circuits of a kind, such as `tracker`.",
        example="dht",
    ),
]


class ServiceOut(Out):
    """How a service stands that Ghost leans on."""

    name: str
    """Name of the service; a circuit's is its kind, a colon, and whom it is of."""
    kind: str
    """`connection`, or the kind of circuit: `cover_host`, `tracker`, `deploy_target`, `webhook`,
    `git_backup` or `mail`."""
    status: str
    """Of a connection `ok`, `degraded`, `down` or `unknown`; of a circuit `open` (left alone), `trying`,
    `failing` or `closed`."""
    reason: str
    """The same, for people to read."""
    last_error: str | None
    """What it said last; null if nothing is wrong."""
    since: Moment | None
    """Since when it stands like that, where that is known."""
    failures: int
    """Of a circuit, the number of failures in a row."""
    open_until: Moment | None
    """Until when a circuit is left alone."""
    can_reset: bool
    """Whether it can be reset here."""

    example: ClassVar = {
        "name": "cover_host:cdn.example",
        "kind": "cover_host",
        "status": "open",
        "reason": "left alone",
        "last_error": "The host answered with status 503.",
        "since": "2026-01-31T10:00:00+00:00",
        "failures": 3,
        "open_until": "2026-01-31T10:05:00+00:00",
        "can_reset": True,
    }


class ResetOut(Out):
    """What was begun anew."""

    name: str
    """What was named."""
    closed: int
    """Number of circuits that were closed."""
    task_id: str | None
    """Of a connection: the task with which a worker makes it anew; the others do so before their next
    task."""

    example: ClassVar = {"name": "dht", "closed": 0, "task_id": "b1946ac92492d234"}


@router.get(
    "/services",
    auth=access.READ,
    response={200: list[ServiceOut]},
    operation_id="service_list",
    summary="List services and open circuits",
)
def list_services(request: HttpRequest) -> list[Service]:
    """Get how the database, Redis, libtorrent, the DHT and the programs stand, and each circuit whose last
    answer was a failure."""
    return connections.all_services()


@router.post(
    "/services/{path:name}/reset",
    auth=access.WRITE,
    response={200: ResetOut},
    operation_id="service_reset",
    summary="Reset a connection or a circuit",
)
def reset_service(request: HttpRequest, name: Name) -> Reset:
    """Have workers open their DHT session or their connection to Redis anew, or close a circuit, so that it is
    asked again at once."""
    return connections.reset(name)
