"""The last step of a build: what is published goes to where readers find it."""

from __future__ import annotations

from django.utils import timezone

from builds import deploy
from builds.deploy import on_site
from builds.models import Build, BuildState, Step
from builds.run import Listener
from ghost.core.jobs import worker


def deliver(build: Build, listener: Listener | None = None, *, is_urgent: bool = False) -> None:
    """Deploy what this build published, as a step of its own. What is urgent, a takedown, waits
    for no pause after a failure.

    The build has ended by then, and holds nobody up: what goes wrong here is tried again by the
    clock, without a build.
    """
    if deploy.is_configured():
        _deploy(build, listener, is_urgent=is_urgent)
    else:
        on_site.settle()


def _deploy(build: Build, listener: Listener | None, *, is_urgent: bool) -> None:
    step = Step.objects.create(build=build, name="deploy")
    worker.report(step.name)
    if listener:
        listener(step)
    try:
        report = deploy.deploy_published(is_asked=is_urgent)
        step.is_ok, step.output = report.is_ok, report.stored()
        note(report)
    except BaseException:  # the queue's time-out arrives as SystemExit
        step.is_ok = False
        raise
    finally:
        step.ended_at = timezone.now()
        step.save()
        if listener:
            listener(step)


def deliver_if_due() -> deploy.DeployReport | None:
    """By the clock: deploy what waits for another try; None if nothing does. What a process that died
    did not write down of what readers see is written down as well."""
    if not deploy.due():
        on_site.settle()
        return None
    report = deploy.deploy_published()
    note(report)
    return report


def note(report: deploy.DeployReport) -> None:
    """Remember the commit that the pages branch holds, and what readers see by now."""
    if report.commit:
        BuildState.objects.filter(pk=1).update(last_build_commit=report.commit)
    on_site.settle()
