"""Attempts to sign in to the admin, counted so that guessing is slow: five of one subject, twenty of one
scope. What these are for each page, `ghost.accounts.attempts` says.

It stands in `teams` with the rest of who may come in (groups, roles, the hashing of passwords), below the
pages that ask.
"""

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
from ghost.core.http.limits.rate_limit import TooManyError

MOST = 5
"""Attempts without success within WINDOW, of one subject in one scope."""
MOST_OF_SCOPE = 20
"""The same, of all subjects in one scope."""
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
    """Attempts to sign in, by subject and scope."""

    def take(self, *, subject: str, scope: str, person: str = "") -> Attempt:
        """Count one more attempt, before any password is looked at; its row.

        TooManyAttemptsError if there were too many, which the audit trail has with the username `person`,
        if one is known: that costs a look and writes a row a minute, however often it is tried. So nobody
        waits longer for what others try, and other scopes go on.
        """
        self._require_few(subject, scope, person)
        with transaction.atomic():
            _one_at_a_time()
            self._require_few(subject, scope, person)
            now = timezone.now()  # not before the lock was there
            self.filter(at__lte=now - WINDOW).delete()
            return self.create(subject=_digest(subject), scope=scope, at=now)

    def _require_few(self, subject: str, scope: str, person: str) -> None:
        now = timezone.now()
        of_scope = self.filter(scope=scope, at__gt=now - WINDOW)
        for rows, most in (
            (of_scope.filter(subject=_digest(subject)), MOST),
            (of_scope, MOST_OF_SCOPE),
        ):
            times = list(rows.order_by("at").values_list("at", flat=True))
            if len(times) >= most:
                access.refuse(SIGN_IN_LIMITED, username=person)
                raise TooManyAttemptsError(min(times[-most] + WINDOW - now, WINDOW))


def _digest(subject: str) -> str:
    return salted_hmac("teams.attempt", subject, algorithm="sha256").hexdigest()


def _one_at_a_time() -> None:
    """Two must not both be the last that may. SQLite lets one write at a time anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {Attempt._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")


class Attempt(models.Model):
    """Somebody tried to sign in to the admin and has not succeeded.

    In the database, so that all web processes on all hosts count together.
    """

    subject = models.CharField(max_length=64)
    """The digest of what few attempts are allowed for: a typed name (people type their password there),
    a client's address, a session, or a page."""
    scope = models.CharField(max_length=64, blank=True)
    """What some more are allowed for, whatever the subjects: a client's address as
    `client_address.counted_as` has it, or what one account is asked for."""
    at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        default_permissions = ()  # nobody edits them
        indexes = [models.Index(fields=["scope", "subject"], name="teams_attempt_of")]

    def __str__(self) -> str:
        return f"an attempt in the scope {self.scope}"

    @dataclass(frozen=True, kw_only=True)
    class Of:
        """The attempts of one subject in one scope."""

        subject: str
        scope: str
        person: str = ""
        """The username that a refusal is told by in the audit trail, if one is known."""

        def take(self) -> Attempt:
            """One more; see `AttemptQuerySet.take`."""
            return Attempt.objects.take(subject=self.subject, scope=self.scope, person=self.person)

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
            Attempt.objects.filter(subject=_digest(self.subject), scope=self.scope).delete()
