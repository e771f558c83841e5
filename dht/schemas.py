"""What the API says and hears about health scans."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, Field

from dht.health.requests import MAX_WAIT_S
from dht.models.sample import Method
from ghost.core.http.schemas import Moment, Out
from resources.states import DhtStatus


class ScanIn(BaseModel):
    """Whether to wait for the scan's end, and how long at most."""

    wait: bool = Field(default=False, description="Answer when the scan has ended.")
    timeout_s: float = Field(
        30, gt=0, le=MAX_WAIT_S, description="With `wait`: seconds after which to answer anyway."
    )


class SampleOut(Out):
    """The outcome of one look-up."""

    checked_at: Moment
    method: Method = Field(description="The strongest sign of life, or what was asked in vain.")
    status: DhtStatus
    was: DhtStatus
    num_nodes: int = Field(description="DHT nodes that name peers.")
    num_peers: int
    num_seeds: int | None = Field(description="As a tracker says; null if none told.")


class _ScanOut(Out):
    scan_id: int = Field(validation_alias=AliasChoices("pk", "scan_id"))
    total: int = Field(description="Resources that it is to check.")
    checked: int
    found: int = Field(description="Of these, found alive by this scan.")
    active: int = Field(description="Of these, Active now; a first miss leaves it so.")
    stale: int
    unknown: int
    changed: int = Field(description="Resources that got another status.")


class QueuedScanOut(_ScanOut):
    """A scan under way; its counts are of what is saved so far."""

    queued: Literal[True] = True
    joined: bool = Field(description="Whether it was under way before, asked for by somebody else.")
    task_id: Annotated[
        str | None,
        BeforeValidator(lambda task_id: task_id or None),
        Field(description="The task that began it; null while none did."),
    ]


class EndedScanOut(_ScanOut):
    """A scan that has ended."""

    queued: Literal[False] = False
    state: Literal["done", "stopped"] = Field(
        description="`stopped`: an operator ended it early; what was saved stays."
    )
    seconds: float
