"""What the queue runs."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from builds import deploy
from builds.deploy import after_build
from builds.models import BuildState
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind
from ghost.core.text.reasons import Plain

ASKED_AGAIN_AFTER = timedelta(minutes=1)
"""A deployment of a removal that was asked for, and may be lost."""
FOUND_ANOTHER_AFTER = timedelta(seconds=10)
"""One that found another deployment under way."""


def deploy_now() -> list[Plain]:
    """Deploy what is published, whatever pause there is: an operator asked for it. Safe to run
    twice: what is deployed already is left alone."""
    report = deploy.deploy_published(is_asked=True)
    after_build.note(report)
    return report.plain()


def ask_for_removals() -> bool:
    """Queue the deployment of what was taken off the site, if that is due; whether it was."""
    now = timezone.now()
    due = BuildState.objects.filter(pk=1, removal_due_at__lte=now)
    if not due.exists() or not due.update(removal_due_at=now + ASKED_AGAIN_AFTER):
        return False
    if deploy.is_configured():
        queue.enqueue(deploy_removals, kind=JobKind.DEPLOY)
    else:
        BuildState.objects.filter(pk=1).update(removal_due_at=None)
    return True


def deploy_removals() -> list[Plain]:
    """Deploy what was taken off the site. What fails is asked for again after the target's own
    pause, what found another deployment under way a while later: whether or not schedules run."""
    state = BuildState.get()
    report = deploy.deploy_published(is_asked=True)
    after_build.note(report)
    waiting = [row for row in report.deployments if not (row.is_current or row.is_held)]
    later = timezone.now() + FOUND_ANOTHER_AFTER
    same = BuildState.objects.filter(pk=1, removal_token=state.removal_token)
    rest = [row.circuit for row in waiting]
    again = [(circuit and circuit.open_until) or later for circuit in rest]
    same.update(removal_due_at=min(again, default=None))
    return report.plain()
