"""Attempts to sign in to the admin, counted so that guessing passwords is slow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

from ghost.core.audit import access
from ghost.core.audit.models import SIGN_IN_LIMITED
from ghost.core.db.outages import OUTAGES
from ghost.core.errors import OutageError, RefusedError
from ghost.core.http.rate_limit import TooManyError

MOST = 5
"""Attempts without success within WINDOW, by one name from one address."""
MOST_OF_ADDRESS = 20
"""The same, by whatever names from one address."""
WINDOW = timedelta(minutes=15)


class TooManyAttemptsError(TooManyError, RefusedError):
    """Nobody may try again before the time that it names: 429; whatever the password is."""

    def __init__(self, left: timedelta) -> None:
        minutes = math.ceil(left.total_seconds() / 60)
        told = ngettext(
            "Too many attempts to sign in. Try again in %d minute.",
            "Too many attempts to sign in. Try again in %d minutes.",
            minutes,
        )
        super().__init__(told % minutes, math.ceil(left.total_seconds()))


class AttemptQuerySet(models.QuerySet["Attempt"]):
    """Attempts to sign in, by name and address."""

    def take(self, username: str, address: str) -> Attempt:
        """Count one more attempt, before any password is looked at; its row.

        TooManyAttemptsError if there were too many: that costs a look and writes a row a minute, however
        often it is tried. So nobody waits longer for what others try, and other addresses go on.
        """
        self._require_few(username, address)
        with transaction.atomic():
            _one_at_a_time()
            self._require_few(username, address)
            now = timezone.now()  # not before the lock was there
            self.filter(at__lte=now - WINDOW).delete()
            return self.create(username=_digest(username), address=address, at=now)

    def _require_few(self, username: str, address: str) -> None:
        now = timezone.now()
        ours = self.filter(address=address, at__gt=now - WINDOW)
        for rows, most in (
            (ours.filter(username=_digest(username)), MOST),
            (ours, MOST_OF_ADDRESS),
        ):
            times = list(rows.order_by("at").values_list("at", flat=True))
            if len(times) >= most:
                access.refuse(SIGN_IN_LIMITED, username=username)
                raise TooManyAttemptsError(min(times[-most] + WINDOW - now, WINDOW))


def _digest(username: str) -> str:
    return salted_hmac("teams.attempt", username, algorithm="sha256").hexdigest()


def _one_at_a_time() -> None:
    """Two must not both be the last that may. SQLite lets one write at a time anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {Attempt._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")


class Attempt(models.Model):
    """Somebody tried to sign in to the admin and has not succeeded.

    In the database, so that all web processes on all hosts count together.
    """

    username = models.CharField(max_length=64)
    """Its digest: people type their password there."""
    address = models.CharField(max_length=45, blank=True)
    """As `client_address.counted_as` has it."""
    at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        default_permissions = ()  # nobody edits them
        indexes = [models.Index(fields=["address", "username"], name="teams_attempt_of")]

    def __str__(self) -> str:
        return f"somebody from {self.address}"

    @dataclass(frozen=True)
    class Of:
        """The attempts of one name from one address."""

        username: str
        address: str

        def take(self) -> Attempt:
            """One more; see `AttemptQuerySet.take`."""
            return Attempt.objects.take(self.username, self.address)

        @contextmanager
        def counted(self) -> Iterator[None]:
            """One more, for what is done inside; see `AttemptQuerySet.take`. It does not count where
            an outage kept the password from being looked at: else whoever keeps Ghost busy could
            lock others out."""
            attempt = self.take()
            try:
                yield
            except (OutageError, *OUTAGES):
                with suppress(*OUTAGES):
                    attempt.delete()
                raise

        def forget(self) -> None:
            """It has succeeded."""
            rows = Attempt.objects.filter(username=_digest(self.username), address=self.address)
            rows.delete()
