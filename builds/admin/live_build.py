"""What is going on just now: the build under way, or the one that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils import timezone
from django_q.models import Task

from builds.admin import labels
from builds.models import Build, Step
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind

ASKED = "builds_asked"
PATIENCE = timedelta(hours=1)
"""Then nobody waits any more for what was asked for, or for a step that never ended."""


@dataclass(frozen=True)
class Live:
    """The build and step that run; neither if one that was asked for waits for a worker."""

    build: Build | None = None
    step: Step | None = None
    is_waiting: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything to look at."""
        return self.build is not None or self.is_waiting

    @property
    def name(self) -> str:
        """What the step does, in the reader's language; empty between two steps."""
        return labels.step_name(self.step) if self.step else ""

    @property
    def progress(self) -> str:
        """How far it is, in words."""
        return labels.progress(self.step) if self.step else ""


def live(build: Build | None) -> Live:
    """Whether this build is under way; after its end it may still be deployed."""
    if build is None:
        return Live()
    step = build.step
    is_at_it = step is not None and step.ended_at is None and _is_recent(step.started_at)
    if build.state == Build.State.RUNNING or is_at_it:
        return Live(build, step if is_at_it else None)
    return Live()


def watched_by(request: HttpRequest) -> Live:
    """The newest build, if it is under way, or what this person asked for."""
    return live(Build.objects.first()) or Live(is_waiting=_is_waiting(request))


def ask(request: HttpRequest, task: Callable[..., object], *args: object) -> None:
    """Queue one of the tasks of builds, and remember that this person waits for it."""
    remember(request, queue.enqueue(task, *args, kind=JobKind.BUILD))


def remember(request: HttpRequest, task_id: str) -> None:
    """Remember that this person waits for a task of builds that was queued."""
    request.session[ASKED] = [task_id, timezone.now().isoformat()]


def _is_waiting(request: HttpRequest) -> bool:
    task, asked_at = request.session.get(ASKED, ("", ""))
    if not task or not _is_recent(datetime.fromisoformat(asked_at)):
        return False
    return not Task.objects.filter(pk=task).exists()


def _is_recent(moment: datetime) -> bool:
    return timezone.now() - moment < PATIENCE
