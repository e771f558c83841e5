"""The last step of a build: what is published goes to where readers find it."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone

from builds import deploy
from builds.models import Build, BuildState, Step
from ghost.core.jobs import worker

Listener = Callable[[Step], None]


def deliver(build: Build, tell: Listener = lambda step: None, *, is_urgent: bool = False) -> None:
    """Deploy what this build published, as a step of its own. What is urgent, a takedown, waits
    for no pause after a failure.

    The build has ended by then, and holds nobody up: what goes wrong here is tried again by the
    clock, without a build.
    """
    if not deploy.is_configured():
        return
    step = Step.objects.create(build=build, name="deploy")
    worker.report(step.name)
    tell(step)
    try:
        outcome = deploy.deploy_published(is_asked=is_urgent)
        step.is_ok, step.output = outcome.is_ok, outcome.text
        note(outcome)
    except BaseException:  # the queue's time-out arrives as SystemExit
        step.is_ok = False
        raise
    finally:
        step.ended_at = timezone.now()
        step.save()
        tell(step)


def deliver_if_due() -> str:
    """By the clock: deploy what waits for another try."""
    if not deploy.due():
        return "nothing to deploy"
    outcome = deploy.deploy_published()
    note(outcome)
    return outcome.text


def note(outcome: deploy.Outcome) -> None:
    """Remember the commit that the pages branch holds."""
    if outcome.commit:
        BuildState.objects.filter(pk=1).update(last_build_commit=outcome.commit)
