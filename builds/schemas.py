"""What the API shows of builds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from ghost.schemas import Moment, Out, Text


class TriggerIn(BaseModel):
    """Why a build is asked for, and whether to begin at once."""

    reason: Text = Field("", max_length=200, description="Shown to operators.")
    now: bool = Field(default=False, description="Queue a build now, whatever changed.")


class BuildingOut(Out):
    """The build under way."""

    id: int
    stage: str | None = Field(description="The step that it is at.")
    started_at: Moment


class BuildStateOut(Out):
    """What the public site holds, and whether the catalog has moved since."""

    pending_changes: bool
    pending_reason: str | None
    last_build_at: Moment | None
    last_build_commit: str | None
    last_error: str
    building: BuildingOut | None


class TriggeredOut(BuildStateOut):
    """The same, with the queued build's task."""

    task_id: str


class StepOut(Out):
    """One step of a build: times, exit code, what it printed, what it counted."""

    name: str
    started_at: Moment
    ended_at: Moment | None
    seconds: float | None
    is_ok: bool | None
    exit_code: int | None
    counts: dict[str, Any]
    output: str


class BuildItem(Out):
    """One run."""

    id: int
    state: Literal["running", "done", "unchanged", "failed"]
    trigger: str
    started_at: Moment
    ended_at: Moment | None
    seconds: float | None
    resources: int | None
    pages: int | None
    files: int | None
    set_aside: list[str] = Field(description="Pages that Hugo could not render.")
    error: str


class BuildOut(BuildItem):
    """One run with its steps."""

    steps: Annotated[list[StepOut], BeforeValidator(lambda rows: list(rows.all()))]
