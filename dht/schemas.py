"""What the API takes in and answers about health checks and scans."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AliasChoices, BeforeValidator, Field

from dht.health.requests import MAX_WAIT_S
from dht.models.sample import Method
from ghost.core.http.schema.schemas import Documented, Moment, NoteTexts, Out
from resources.states import DhtStatus


class ScanIn(Documented):
    """Whether to wait for the end of the scan, and how long."""

    wait: bool = False
    """Whether to answer only when the scan has ended."""
    timeout_s: float = Field(30, gt=0, le=MAX_WAIT_S)
    """With `wait`: seconds after which to answer even if the scan has not ended."""

    example: ClassVar = {"wait": True, "timeout_s": 120}


class SampleOut(Out):
    """One health check of a resource."""

    checked_at: Moment
    """When the resource was checked."""
    method: Method
    """The strongest sign of life that was found, or what was asked in vain: `dht`, `tracker`,
    `web-seed` or `metadata`."""
    status: DhtStatus
    """The resource's health after the check."""
    was: DhtStatus
    """The resource's health before the check."""
    num_nodes: int
    """Number of DHT nodes that named peers."""
    num_peers: int
    """Number of peers that were found."""
    num_seeds: int | None
    """Number of seeds as a tracker reported it; null if none did."""

    example: ClassVar = {
        "checked_at": "2026-02-14T08:30:00+00:00",
        "method": "dht",
        "status": "Active",
        "was": "Unknown",
        "num_nodes": 4,
        "num_peers": 11,
        "num_seeds": None,
    }


class _ScanOut(Out):
    scan_id: int = Field(validation_alias=AliasChoices("pk", "scan_id"))
    """The scan's number."""
    total: int
    """Number of resources to check."""
    checked: int
    """Number of resources that were checked."""
    found: int
    """How many of the checked ones this scan found alive."""
    active: int
    """How many of the checked ones are `Active` now; a first miss leaves a resource so."""
    stale: int
    """How many of the checked ones are `Stale` now."""
    unknown: int
    """How many of the checked ones are `Unknown` now."""
    changed: int
    """Number of resources whose health is another than before."""

    example: ClassVar[dict[str, Any]] = {
        "scan_id": 1,
        "total": 100_000,
        "checked": 100_000,
        "found": 91_200,
        "active": 93_000,
        "stale": 6_800,
        "unknown": 200,
        "changed": 340,
    }


class QueuedScanOut(_ScanOut):
    """A scan that has not ended. Its counts are of what is saved so far."""

    queued: Literal[True] = True
    """Always true: the scan goes on in the workers."""
    joined: bool
    """Whether the scan was running already, requested by somebody else."""
    task_id: Annotated[str | None, BeforeValidator(lambda task_id: task_id or None)]
    """The task that runs it, to be followed at `/api/tasks/{task_id}`. Null if the queue was busy:
    then it starts within a minute all the same."""
    notes: NoteTexts = []
    """That no worker is alive, so that the scan waits for one, in a sentence; empty where one is."""

    example: ClassVar = _ScanOut.example | {
        "checked": 0,
        "found": 0,
        "active": 0,
        "stale": 0,
        "unknown": 0,
        "changed": 0,
        "queued": True,
        "joined": False,
        "task_id": "b1946ac92492d234",
        "notes": [],
    }


class EndedScanOut(_ScanOut):
    """A scan that has ended."""

    queued: Literal[False] = False
    """Always false: there is nothing more to come."""
    state: Literal["done", "stopped"]
    """How it ended. `stopped`: an operator ended it early, and what was saved stays."""
    seconds: float
    """How long it took, in seconds."""

    example: ClassVar = _ScanOut.example | {"queued": False, "state": "done", "seconds": 214.6}
