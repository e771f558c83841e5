"""What can have a circuit, and how patient Ghost is with each kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What is asked."""

    COVER_HOST = "cover_host", _("cover host")
    TRACKER = "tracker", _("tracker")
    DEPLOY_TARGET = "deploy_target", _("deployment target")
    WEBHOOK = "webhook", _("webhook")
    GIT_BACKUP = "git_backup", _("git backup")
    MAIL = "mail", _("mail server")


@dataclass(frozen=True)
class Policy:
    """When a circuit opens, and for how long."""

    open_after: int
    """So many failures in a row."""
    first_pause: timedelta
    longest_pause: timedelta
    """Each pause is twice as long as the one before, up to this."""
    trial: timedelta
    """Who tries when a pause is over, and is not heard of any more, holds nobody back for longer."""

    def pause(self, failures: int, retry_after_s: float | None) -> timedelta:
        """How long it is left alone after so many failures in a row; 0 if it is not yet."""
        pause = timedelta(0)
        if failures >= self.open_after:
            doubled = min(failures - self.open_after, 16)
            pause = min(self.first_pause * 2**doubled, self.longest_pause)
        if retry_after_s is not None:
            wanted = min(retry_after_s, self.longest_pause.total_seconds())
            pause = max(pause, timedelta(seconds=wanted))
        return pause


def _policy(open_after: int, first_min: int, longest_min: int, trial_min: int) -> Policy:
    first, longest, trial = (timedelta(minutes=m) for m in (first_min, longest_min, trial_min))
    return Policy(open_after, first, longest, trial)


POLICIES = {
    Kind.COVER_HOST: _policy(3, 5, 360, 2),
    Kind.TRACKER: _policy(3, 10, 60, 2),
    Kind.DEPLOY_TARGET: _policy(1, 1, 30, 1),
    Kind.WEBHOOK: _policy(3, 1, 60, 2),
    Kind.GIT_BACKUP: _policy(3, 5, 360, 15),
    Kind.MAIL: _policy(3, 1, 60, 2),
}
