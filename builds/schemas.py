"""What the API takes in and answers about builds of the public site."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from ninja import P, PathEx
from pydantic import BeforeValidator, Field

from ghost.core.http.schema.schemas import (
    Documented,
    Moment,
    NoteTexts,
    Out,
    PathId,
    ReasonText,
    Text,
)
from ghost.core.text.reasons import put_lines_into_words

BuildId = PathEx[PathId, P(description="The build's number.", example=12)]
_TASK = "b1946ac92492d234"


class TriggerIn(Documented):
    """Why a build is wanted, and whether to start it at once."""

    reason: Text = Field("", max_length=200)
    """Why the build is wanted, shown to operators."""
    now: bool = False
    """Whether to queue a build now, even if nothing has changed."""

    example: ClassVar = {"reason": "new theme", "now": True}


class ProgressOut(Out):
    """How far a stage is. What it counts depends on the stage: resources, pages or files."""

    done: int
    """Number that is done."""
    total: int
    """Number that there is to do."""

    example: ClassVar = {"done": 12_000, "total": 30_000}


class BuildingOut(Out):
    """The build that is running."""

    id: int
    """The build's number."""
    stage: str | None
    """The stage that it is at: `covers`, `sync`, `verify`, `export`, `search`, `hugo`, `check`,
    `publish` or `rollback`; null before the first one."""
    progress: ProgressOut | None
    """How far that stage is; null where that is not known."""
    started_at: Moment
    """When the build started."""

    example: ClassVar = {
        "id": 12,
        "stage": "hugo",
        "progress": ProgressOut.example,
        "started_at": "2026-01-31T10:00:00+00:00",
    }


class BuildStateOut(Out):
    """What the public site shows, and whether the catalog has changed since."""

    pending_changes: bool
    """Whether the catalog has public changes that the site doesn't show yet."""
    pending_reason: Annotated[str | None, BeforeValidator(lambda reason: str(reason) or None)]
    """The last of these changes, for people to read; null if there are none."""
    last_build_at: Moment | None
    """When the last successful build ended; null before the first one."""
    last_build_commit: str | None
    """Commit of the last successful deployment to the pages branch; null before the first one. It
    may be older than the last build."""
    last_error: ReasonText
    """Why the last build failed; empty if it did not."""
    retry_at: Moment | None
    """When the build that failed is tried again by itself; null if none failed, or while it waits for
    an operator."""
    held_build: int | None
    """The build to whose state an operator put the site back, if any. Changes then stay pending until
    somebody requests a build. What is taken down leaves the site nevertheless."""
    building: BuildingOut | None
    """The build that is running; null if none is."""

    example: ClassVar[dict[str, Any]] = {
        "pending_changes": True,
        "pending_reason": "“Big Buck Bunny” published",
        "last_build_at": "2026-01-31T09:40:00+00:00",
        "last_build_commit": "3f1c9a7e5b2d4c6f8a0b1d3e5f7a9c2b4d6e8f01",
        "last_error": "",
        "retry_at": None,
        "held_build": None,
        "building": BuildingOut.example,
    }


class RequestedOut(BuildStateOut):
    """The same, after a build was requested."""

    notes: NoteTexts = []
    """That no worker is alive, so that the build waits for one, in a sentence; empty where one is."""

    example: ClassVar[dict[str, Any]] = {**BuildStateOut.example, "notes": []}


class TriggeredOut(RequestedOut):
    """The same, with the task of the build that was queued."""

    task_id: str
    """The task, to be followed at `/api/tasks/{task_id}`."""

    example: ClassVar[dict[str, Any]] = {**RequestedOut.example, "task_id": _TASK}


class StepOut(Out):
    """One step of a build."""

    name: str
    """Name of the step, such as `hugo`."""
    started_at: Moment
    """When the step started."""
    ended_at: Moment | None
    """When it ended; null while it runs."""
    seconds: float | None
    """How long it took, in seconds; null while it runs."""
    is_ok: bool | None
    """Whether it succeeded; null while it runs."""
    exit_code: int | None
    """Exit code of the program that it ran; null if it ran none."""
    counts: dict[str, Any]
    """What the step counted, by name."""
    done: int
    """While it runs: how much of `total` is done."""
    total: int
    """While it runs: how much there is to do; 0 where that is not known."""
    output: Annotated[str, BeforeValidator(put_lines_into_words)]
    """What it printed, cut at the front if it is long."""

    example: ClassVar = {
        "name": "hugo",
        "started_at": "2026-01-31T10:00:02+00:00",
        "ended_at": "2026-01-31T10:00:06+00:00",
        "seconds": 4.2,
        "is_ok": True,
        "exit_code": 0,
        "counts": {"pages": 30_000},
        "done": 30_000,
        "total": 30_000,
        "output": "Total in 4100 ms",
    }


class BuildItem(Out):
    """A build in a list."""

    id: int
    """The build's number."""
    state: Literal["running", "done", "unchanged", "failed"]
    """How the build stands. `unchanged`: it found nothing to change on the site."""
    trigger: str
    """Who or what asked for it."""
    started_at: Moment
    """When it started."""
    ended_at: Moment | None
    """When it ended; null while it runs."""
    seconds: float | None
    """How long it took, in seconds; null while it runs."""
    resources: int | None
    """Number of resources on the site; null until that is known."""
    pages: int | None
    """Number of pages of the site; null until that is known."""
    files: int | None
    """Number of files of the site; null until that is known."""
    bytes: int | None
    """Size of the whole site in bytes; null until that is known."""
    is_full: bool
    """Whether everything was rendered, not only what had changed."""
    changed: int
    """Number of files that it wrote or removed."""
    back_to: int | None
    """The build to whose state this one put the site back; null for an ordinary build."""
    set_aside: list[str]
    """Addresses of pages that Hugo could not render and that were left out."""
    error: ReasonText
    """Why it failed; empty if it did not."""

    example: ClassVar[dict[str, Any]] = {
        "id": 12,
        "state": "done",
        "trigger": "schedule",
        "started_at": "2026-01-31T10:00:00+00:00",
        "ended_at": "2026-01-31T10:00:08+00:00",
        "seconds": 8.1,
        "resources": 25_000,
        "pages": 30_000,
        "files": 61_000,
        "bytes": 730_000_000,
        "is_full": False,
        "changed": 14,
        "back_to": None,
        "set_aside": [],
        "error": "",
    }


class BuildOut(BuildItem):
    """A build with its steps."""

    steps: Annotated[list[StepOut], BeforeValidator(lambda rows: list(rows.all()))]
    """The steps, in the order in which they ran."""

    example: ClassVar = {**BuildItem.example, "steps": [StepOut.example]}
