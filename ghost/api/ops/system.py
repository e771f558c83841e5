"""How busy each host was."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from ghost.api.ops import access
from ghost.core.db import clock
from ghost.core.http.schema.schemas import Documented, Moment, Out
from ghost.operations.samples import history
from ghost.operations.samples.history import HostHistory
from ghost.operations.samples.models import KEPT

router = Router(tags=[access.TAG])

MOST_HOURS = int(KEPT.total_seconds() // 3600)


class SampleOut(Out):
    """A host at one moment, or in the mean of some minutes."""

    at: Moment
    """When the host was looked at."""
    cpu_percent: float
    """Share of all processors' time in which the host was busy, in percent."""
    load_1m: float
    """Load, mean of one minute."""
    load_5m: float
    """Load, mean of five minutes."""
    load_15m: float
    """Load, mean of 15 minutes."""
    memory_total_bytes: int
    """Memory of the host, or of the container that it is."""
    memory_available_bytes: int
    """Memory that could still be had."""
    memory_used_bytes: int
    """Memory that could not."""
    least_free_percent: float
    """Space left on the fullest of the disks in use, in percent."""

    example: ClassVar = {
        "at": "2026-01-31T10:00:00+00:00",
        "cpu_percent": 12.5,
        "load_1m": 0.4,
        "load_5m": 0.35,
        "load_15m": 0.3,
        "memory_total_bytes": 8589934592,
        "memory_available_bytes": 5368709120,
        "memory_used_bytes": 3221225472,
        "least_free_percent": 61.5,
    }


class DiskOut(Documented):
    """A disk of a host."""

    name: str
    """The variable of the first folder on it."""
    total_bytes: int
    """Size of the disk."""
    free_bytes: int
    """Space that is left."""
    free_percent: float
    """The same in percent."""
    free_files_percent: float
    """Files that may still be made, in percent of all that it can hold."""

    example: ClassVar = {
        "name": "GHOST_DB_PATH",
        "total_bytes": 107374182400,
        "free_bytes": 66035122176,
        "free_percent": 61.5,
        "free_files_percent": 98.2,
    }


class ProcessesOut(Documented):
    """Ghost's processes of one role on a host."""

    role: str
    """What they do: `web`, `worker`, `watch` and the like."""
    number: int
    """How many there are."""
    bytes: int
    """Memory that they take together."""
    largest_bytes: int
    """Memory of the largest of them."""

    example: ClassVar = {
        "role": "worker",
        "number": 3,
        "bytes": 312000000,
        "largest_bytes": 121000000,
    }


class HostOut(Out):
    """A host and how busy it was."""

    host: str
    """Name of the host."""
    cores: int
    """Number of processors that Ghost may use there."""
    last: SampleOut
    """How it was last seen."""
    disks: list[DiskOut]
    """Its disks then."""
    processes: list[ProcessesOut]
    """Ghost's processes on it then."""
    samples: list[SampleOut]
    """How it was, the oldest first: 300 points at most, each the mean of what was seen in its time."""

    example: ClassVar = {
        "host": "ghost-1",
        "cores": 2,
        "last": SampleOut.example,
        "disks": [DiskOut.example],
        "processes": [ProcessesOut.example],
        "samples": [SampleOut.example],
    }


class SystemOut(Documented):
    """All hosts."""

    since: Moment
    """When the time begins that is told."""
    hosts: list[HostOut]
    """Each host that was seen in it, 50 at most."""

    example: ClassVar = {"since": "2026-01-30T10:00:00+00:00", "hosts": [HostOut.example]}


class Span(Documented):
    """For how long."""

    hours: int = Field(24, ge=1, le=MOST_HOURS)
    """Number of hours to look back."""

    example: ClassVar = {"hours": 24}


@router.get(
    "/system",
    auth=access.READ,
    response={200: SystemOut},
    operation_id="system_read",
    summary="Get how busy each host was",
)
def get_system(request: HttpRequest, span: Query[Span]) -> dict[str, datetime | list[HostHistory]]:
    """Get processors, memory, load and disks of each host, which are looked at once a minute. A day is kept
    minute by minute, 14 days in steps of ten minutes.
    """
    now, asked = clock.now(), timedelta(hours=span.hours)
    return {"since": now - asked, "hosts": history.histories(now, asked)}
