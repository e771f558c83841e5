"""What the API shows of builds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from ghost.core.http.schemas import Moment, Out, Text


class TriggerIn(BaseModel):
    """Why a build is asked for, and whether to begin at once."""

    reason: Text = Field("", max_length=200, description="Shown to operators.")
    now: bool = Field(default=False, description="Queue a build now, whatever changed.")


class ProgressOut(Out):
    """How far a step is: resources read, pages rendered, files looked at."""

    done: int
    total: int


class BuildingOut(Out):
    """The build under way."""

    id: int
    stage: str | None = Field(description="The step that it is at.")
    progress: ProgressOut | None = Field(
        description="How far that step is; null where it can't be told."
    )
    started_at: Moment


class BuildStateOut(Out):
    """What the public site holds, and whether the catalog has moved since."""

    pending_changes: bool
    pending_reason: str | None
    last_build_at: Moment | None
    last_build_commit: str | None
    last_error: str
    held_build: int | None = Field(
        description="The build to whose state the site was put back. Nothing is built by itself"
        " until a build is asked for, or something is taken down."
    )
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
    done: int = Field(description="How far it is while it runs, of `total`.")
    total: int = Field(description="0 where that can't be told.")
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
    bytes: int | None = Field(description="Size of the whole site.")
    is_full: bool = Field(description="Everything was rendered, not only what had changed.")
    changed: int = Field(description="Files of the site that it wrote or removed.")
    back_to: int | None = Field(description="It put the site back to the state of this build.")
    set_aside: list[str] = Field(description="Pages that Hugo could not render.")
    error: str


class BuildOut(BuildItem):
    """One run with its steps."""

    steps: Annotated[list[StepOut], BeforeValidator(lambda rows: list(rows.all()))]
