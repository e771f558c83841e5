"""The table of circuits: closed, something is asked; open, it is left alone for a while."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial, reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Self

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ghost.core.audit import trail
from ghost.core.circuits.kinds import POLICIES, Kind, Policy
from ghost.core.db import clock
from ghost.core.db.fields import ReasonField
from ghost.core.events import outbox
from ghost.core.events.models import EventKind
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind
from ghost.core.jobs.task_names import TaskName
from ghost.core.text.reasons import Reason

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MAX_NAME_CHARS = 255
MOST_OF_A_KIND = 2_000
"""Anybody who publishes names trackers and hosts of covers: of more, those that failed longest ago go."""

GIVEN_UP_AFTER = timedelta(hours=1)
"""What was not tried for so long after its pause is wanted by nobody any more."""
WAITING_TASKS = {
    Kind.COVER_HOST: (TaskName.LOCALIZE_COVERS, JobKind.COVERS),
    Kind.DEPLOY_TARGET: (TaskName.DEPLOY_NOW, JobKind.DEPLOY),
}
"""What goes on at once when an operator closes a circuit; the others are asked by the clock."""

log = logging.getLogger(__name__)


class CircuitQuerySet(models.QuerySet["Circuit"]):
    """Sets of circuits; all times in them are the database's."""

    def of(self, kind: Kind) -> Self:
        """Those of one kind."""
        return self.filter(kind=kind)

    def named(self, kind: Kind, name: str) -> Self:
        """The one of this name, if it ever failed."""
        return self.filter(kind=kind, name=name[:MAX_NAME_CHARS])

    def resting(self, now: datetime | None = None) -> Self:
        """Those that are left alone now."""
        return self.filter(_is_held("open_until", now or clock.now()))

    def unavailable(self, now: datetime | None = None) -> Self:
        """Those that nobody is to ask now: they rest, or one process tries them."""
        return self.filter(_is_unavailable(now or clock.now()))

    def failing(self) -> Self:
        """Those whose last answer was a failure."""
        return self.filter(failures__gt=0)

    def open(self, now: datetime | None = None) -> Self:
        """Those that opened and have not answered since, while somebody asks them."""
        now = now or clock.now()
        is_odd = Q(open_until__gt=now) & ~_is_held("open_until", now)
        given_up = Q(open_until__lte=now - GIVEN_UP_AFTER) | is_odd
        return self.exclude(opened_at=None).exclude(given_up)

    def counts_by_kind(self) -> dict[str, int]:
        """How many there are of each kind."""
        found = self.order_by().values_list("kind").annotate(models.Count("pk"))
        return dict(found)

    def claim(self, kind: Kind, name: str) -> bool:
        """See `ghost.core.circuits.claim`."""
        row = self.named(kind, name).only("opened_at").first()
        if row is None or row.opened_at is None:
            return True
        now = clock.now()
        free = self.filter(pk=row.pk).exclude(_is_unavailable(now))
        return free.update(trial_until=now + POLICIES[kind].trial) == 1

    def note_success(self, kind: Kind, name: str) -> None:
        """It answered."""
        for row in self.named(kind, name).failing():
            with transaction.atomic():
                row.close()

    def note_failure(
        self, kind: Kind, name: str, reason: Reason, retry_after_s: float | None = None
    ) -> None:
        """It did not answer as it should.

        One that is left alone already was asked before that was known: that counts no more.
        """
        now = clock.now()
        with transaction.atomic():
            found = self.select_for_update().named(kind, name)
            row, is_new = found.get_or_create(kind=kind, name=name[:MAX_NAME_CHARS])
            row.fail(reason, retry_after_s, now)
            if is_new:
                self.of(kind)._drop_beyond(MOST_OF_A_KIND)

    def note_waiting(self, kind: Kind, counts: dict[str, int]) -> None:
        """How much waits for each of this kind."""
        for pk, name, waiting in self.of(kind).values_list("pk", "name", "waiting"):
            if waiting != counts.get(name, 0):
                self.filter(pk=pk).update(waiting=counts.get(name, 0))

    def reset(self) -> int:
        """Have them asked again, as an operator wants it, and queue what waits for them; how many had
        failed."""
        rows = list(self.failing())
        with transaction.atomic():
            before = [row.standing() for row in rows]
            for row in rows:
                row.close()
            after = [row.standing() for row in rows]
            trail.record_all("circuit.reset", zip(rows, before, after, strict=True))
            for kind in {row.kind for row in rows} & WAITING_TASKS.keys():
                task, job = WAITING_TASKS[Kind(kind)]
                transaction.on_commit(partial(queue.enqueue, task, kind=job))
        return len(rows)

    def outdated(self, before: datetime) -> Self:
        """Those that have not failed since then."""
        return self.filter(failed_at__lt=before)

    def _drop_beyond(self, most: int) -> None:
        oldest = self.order_by("-failed_at", "-pk").values_list("failed_at", flat=True)[most:]
        if oldest:
            self.filter(failed_at__lte=oldest[0]).delete()


class Circuit(models.Model):
    """One host, target or service: after failures in a row it is left alone, for longer each time.

    One success closes it. While it rests, what is wanted of it stays due and is not tried; when its
    time is up, one process tries.
    """

    class State(models.TextChoices):
        """Whether it is asked."""

        CLOSED = "closed", _("in use")
        FAILING = "failing", _("failing")
        OPEN = "open", _("left alone")
        TRYING = "trying", _("on trial")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    name = models.CharField(_("name"), max_length=MAX_NAME_CHARS)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    opened_at = models.DateTimeField(_("left alone since"), null=True)
    open_until = models.DateTimeField(_("not tried again until"), null=True)
    trial_until = models.DateTimeField(null=True)
    """Until when the process that tries it holds the others back."""
    failed_at = models.DateTimeField(_("last failure"), null=True)
    last_error = ReasonField(_("last error"))
    waiting = models.PositiveIntegerField(_("waiting"), default=0)
    """How much of what is wanted of it is due, where that is counted."""

    objects = CircuitQuerySet.as_manager()

    class Meta:
        ordering = ["-failed_at", "-id"]
        verbose_name = _("circuit")
        verbose_name_plural = _("circuits")
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="ghost_one_circuit")]
        indexes = [models.Index(fields=["kind", "failed_at"], name="ghost_circuit_failed")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def policy(self) -> Policy:
        """How patient Ghost is with its kind."""
        return POLICIES[Kind(self.kind)]

    @property
    def is_resting(self) -> bool:
        """Whether it is left alone now, for people to read (`CircuitQuerySet.resting` decides)."""
        return self.rests(timezone.now())

    @property
    def state(self) -> State:
        """Whether it is asked now."""
        if self.is_resting:
            return self.State.OPEN
        if self.opened_at:
            return self.State.TRYING
        return self.State.FAILING if self.failures else self.State.CLOSED

    @property
    def state_label(self) -> str | _StrPromise:
        """The state in the reader's language."""
        return self.State(self.state).label

    def rests(self, now: datetime) -> bool:
        """Whether it is left alone at that time (`_is_held` for a set)."""
        latest = now + 2 * self.policy.longest_pause
        return self.open_until is not None and now < self.open_until <= latest

    def standing(self) -> dict[str, object]:
        """What the audit trail keeps of it."""
        return {"failures": self.failures, "open_until": self.open_until}

    def fail(self, reason: Reason, retry_after_s: float | None, now: datetime) -> None:
        """Count a failure; if it is one too many, open. Within a transaction, on a locked row."""
        self.failed_at, self.last_error, self.trial_until = now, reason, None
        if not self.rests(now):
            self.failures += 1
            self._rest(self.policy.pause(self.failures, retry_after_s), now)
        self.save()

    def close(self) -> None:
        """Have it asked again. Within a transaction."""
        standing = {"failures": 0, "opened_at": None, "open_until": None, "trial_until": None}
        changed = Circuit.objects.filter(pk=self.pk, opened_at=self.opened_at).update(**standing)
        was_open = bool(changed and self.opened_at)
        for name, value in standing.items():
            setattr(self, name, value)
        if was_open:
            log.info("The %s %s is asked again", self.kind, self.name)
            self._tell()

    def _rest(self, pause: timedelta, now: datetime) -> None:
        self.open_until = now + pause if pause else None
        if not pause or self.opened_at:
            return
        self.opened_at = now
        log.warning(
            "The %s %s is left alone for %d s after %d failures: %s",
            self.kind, self.name, pause.total_seconds(), self.failures,
            self.last_error.english,
        )  # fmt: skip
        self._tell()

    def _tell(self) -> None:
        """Admins hear that it opened or closed."""
        until = self.open_until.isoformat() if self.open_until else None
        told: dict[str, Any] = {"kind": self.kind, "name": self.name}
        told |= {"state": "open" if until else "closed"}
        told |= {"failures": self.failures, "open_until": until}
        outbox.add(EventKind.CIRCUIT, told | {"error": self.last_error.english or None})


def _is_unavailable(now: datetime) -> Q:
    """Whether it rests, or one process tries it."""
    return _is_held("open_until", now) | _is_held("trial_until", now)


def _is_held(field: str, now: datetime) -> Q:
    """Whether that time is still to come. One that is later than any can be was written by a clock
    that ran ahead: nobody waits for it. Whoever asks may have looked at the clock just before the
    one who wrote, so it counts as that far ahead from twice the span on."""
    longest = {
        kind: policy.longest_pause if field == "open_until" else policy.trial
        for kind, policy in POLICIES.items()
    }
    held = (
        Q(kind=k, **{f"{field}__gt": now, f"{field}__lte": now + 2 * n}) for k, n in longest.items()
    )
    return reduce(or_, held)
