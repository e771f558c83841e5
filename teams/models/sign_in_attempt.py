"""Attempts to sign in to the admin, counted so that guessing passwords is slow."""

from __future__ import annotations

import logging
import math
from datetime import timedelta

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import ngettext

from ghost.core.errors import RefusedError

MOST = 5
WINDOW = timedelta(minutes=15)
"""So many attempts without success within so long a time, by one name from one address."""

log = logging.getLogger(__name__)


class AttemptQuerySet(models.QuerySet["Attempt"]):
    """Recent attempts to sign in, counted by name and address."""

    def take(self, username: str, address: str) -> None:
        """Count one more attempt, before any password is looked at.

        RefusedError, with the time to wait, if there were too many.
        """
        now = timezone.now()
        with transaction.atomic():
            self.filter(at__lte=now - WINDOW).delete()
            ours = self.filter(username=username, address=address).select_for_update()
            times = list(ours.values_list("at", flat=True))
            if len(times) < MOST:
                self.create(username=username, address=address, at=now)
                return
        log.warning("Too many attempts to sign in as %r from %s.", username, address)
        raise RefusedError(_wait(min(times) + WINDOW - now))


def _wait(left: timedelta) -> str:
    minutes = math.ceil(left.total_seconds() / 60)
    return (
        ngettext(
            "Too many attempts to sign in. Try again in %d minute.",
            "Too many attempts to sign in. Try again in %d minutes.",
            minutes,
        )
        % minutes
    )


class Attempt(models.Model):
    """Somebody tried to sign in to the admin and has not succeeded.

    In the database, so that all web processes on all hosts count together.
    """

    username = models.CharField(max_length=150)
    address = models.CharField(max_length=45, blank=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        default_permissions = ()  # nobody edits them
        indexes = [models.Index(fields=["username", "address"], name="teams_attempt_of")]

    def __str__(self) -> str:
        return f"{self.username} from {self.address}"
