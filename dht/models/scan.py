"""Health scans: what was asked for, how far it is, what it found.

One scan is open at a time, over all hosts. It is cut into parts, which workers take with a lease:
any number of them share one scan, and what a killed one held is taken by another.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Self

from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dht import counters, reasons
from ghost.core.batches import batched
from ghost.core.db.fields import ReasonField
from ghost.core.jobs import worker
from ghost.core.text.notes import Notes
from ghost.core.text.reasons import NONE, Reason
from resources.models import Resource

PART = 500
"""Resources that a worker takes at a time."""
MAX_ATTEMPTS = 5
"""A part whose workers died so often is left out: it may be what kills them."""
LONGEST_CLAIM = timedelta(minutes=5)
"""A claim that ends later was written by a clock that ran ahead: nobody waits for it."""
TASK_PATIENCE = timedelta(minutes=10)
"""A task that has not begun by then may be lost."""
TRIGGER_CHARS = 100
COUNTS = ("checked", "found", "active", "stale", "unknown", "changed")


class ScanState(models.TextChoices):
    """Whether a scan is under way, or how it ended."""

    OPEN = "open", _("under way")
    DONE = "done", _("done")
    STOPPED = "stopped", _("stopped")
    FAILED = "failed", _("failed")


class ScanQuerySet(models.QuerySet["Scan"]):
    """Health scans, of which one at most is open."""

    def open(self) -> Self:
        """The scan that has not ended, if any."""
        return self.filter(state=ScanState.OPEN)

    def ask(
        self, *, limit: int | None = None, only: Collection[int] | None = None, trigger: str
    ) -> Scan:
        """Have resources checked: `only` these keys, or the `limit` most urgent ones (None: all).

        What is asked for while a scan is open joins it: two scans at once are one, and what it
        has checked is not checked again, unless it is named.
        """
        known = self.open().first()
        wanted = only if only is not None else _urgent(known, limit)  # before others have to wait
        with transaction.atomic():
            scan = self._open_or_join(trigger)
            if only is None and not scan.is_new and scan != known:  # opened in this very moment
                wanted = _urgent(scan, limit)
            scan._add_parts(wanted)
        return scan

    def _open_or_join(self, trigger: str) -> Scan:
        try:
            with transaction.atomic():
                scan = self.create(trigger=trigger[:TRIGGER_CHARS])
                scan.is_new = True
                return scan
        except IntegrityError:  # there is one
            under_way = self.open().select_for_update().first()
            return under_way or self._open_or_join(trigger)  # it ended in this very moment

    def outdated(self, before: datetime) -> Self:
        """Scans that ended before then."""
        return self.filter(ended_at__lt=before)


def _urgent(joined: Scan | None, limit: int | None) -> list[int]:
    """What a scan is to check that begins now, or joins that one."""
    since = joined.requested_at if joined else timezone.now()
    return Resource.objects.all().unchecked_since(since).for_check(limit)


class Scan(models.Model):
    """One scan; its counts are of what is saved, so they hold whatever kills a worker."""

    notes: Notes  # for who has just asked for it

    state = models.CharField(
        _("state"), max_length=8, choices=ScanState, default=ScanState.OPEN, editable=False
    )
    trigger = models.CharField(_("requested by"), max_length=TRIGGER_CHARS)
    requested_at = models.DateTimeField(_("asked for"), default=timezone.now)
    started_at = models.DateTimeField(_("started"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True, db_index=True)
    total = models.PositiveIntegerField(_("resources"), default=0)
    checked = models.PositiveIntegerField(_("checked"), default=0)
    found = models.PositiveIntegerField(_("found alive"), default=0)
    active = models.PositiveIntegerField(_("active"), default=0)
    stale = models.PositiveIntegerField(_("stale"), default=0)
    unknown = models.PositiveIntegerField(_("unknown"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    error = ReasonField(_("error"))
    task_id = models.CharField(max_length=40, blank=True, editable=False)

    SUBJECT = "scan"
    is_new = False  # whether this very request opened it

    objects = ScanQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("health scan")
        verbose_name_plural = _("health scans")
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="open"), name="dht_one_open_scan"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state == ScanState.OPEN

    @property
    def joined(self) -> bool:
        """Whether this request found it under way."""
        return not self.is_new

    @property
    def is_queued(self) -> bool:
        """Whether a worker is at it, or will be without being asked."""
        is_recent = self.requested_at > timezone.now() - TASK_PATIENCE
        is_awaited = bool(self.task_id) and self.started_at is None and is_recent
        return is_awaited or self.parts.held().exists()

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        if self.started_at is None:
            return 0.0
        return ((self.ended_at or timezone.now()) - self.started_at).total_seconds()

    @staticmethod
    def subject_of(scan_id: int) -> str:
        """What jobs call it (`ghost.core.jobs.models`)."""
        return f"{Scan.SUBJECT}:{scan_id}"

    def report(self) -> None:
        """Write its progress to the jobs that asked for it."""
        worker.report("scan", self.checked, self.total, subject=self.subject_of(self.pk))

    def settle(self) -> None:
        """End the jobs that asked for it, in the transaction in which it ended."""
        result = {"scan_id": self.pk, "state": str(self.state), **self.plain()}
        worker.settle(self.subject_of(self.pk), str(self.state), result, error=self.error)

    def plain(self) -> dict[str, float]:
        """Its counts, and `seconds`: how long it took, for JSON."""
        return {name: getattr(self, name) for name in COUNTS} | {"seconds": round(self.seconds, 2)}

    # -- its parts

    def _add_parts(self, wanted: Iterable[int]) -> None:
        """Cut what is not in it yet into parts."""
        held = {pk for part in self.parts.all() for pk in part.resources}
        new = (pk for pk in wanted if pk not in held)
        parts = [ScanPart(scan=self, resources=chunk) for chunk in batched(new, PART)]
        ScanPart.objects.bulk_create(parts)
        self.record(total=sum(len(part.resources) for part in parts))

    def record(self, **counts: int) -> None:
        """Add to its counts, in the transaction of what is counted."""
        Scan.objects.filter(pk=self.pk).update(**{n: F(n) + count for n, count in counts.items()})
        self.refresh_from_db()

    def claim(self, lease_s: float) -> ScanPart | None:
        """Take a part that nobody is busy with for `lease_s` seconds; None if there is none."""
        with transaction.atomic():
            self._lock()
            part = self.parts.free().first()
            if part is not None:
                part.claim = uuid.uuid4().hex
                part.claimed_until = timezone.now() + timedelta(seconds=lease_s)
                part.attempts += 1
                part.save()
        return part

    def _lock(self) -> None:
        """Nobody may widen, claim or end it until this transaction is over."""
        Scan.objects.select_for_update().filter(pk=self.pk).first()

    def begin(self) -> None:
        """Note that a worker has begun, unless one had before."""
        Scan.objects.filter(pk=self.pk, started_at=None).update(started_at=timezone.now())
        self.refresh_from_db()

    # -- its end

    def finish(self) -> None:
        """End it if no part is left that is worth trying."""
        with transaction.atomic():
            self._lock()
            if not self.parts.worth_trying().exists():
                given_up = sum(part.num_unchecked() for part in self.parts.all())
                error = reasons.WORKERS_DIED(number=given_up) if given_up else NONE
                self._end(ScanState.FAILED if given_up else ScanState.DONE, error)

    def stop(self) -> bool:
        """End it now, on somebody's wish; what is saved stays. False if it had ended."""
        return self._end(ScanState.STOPPED)

    def fail(self, error: Reason) -> bool:
        """End it and say why it can't go on, unless others are at work on it."""
        with transaction.atomic():
            self._lock()
            if self.parts.held().exists():
                return False
            return self._end(ScanState.FAILED, error)

    def _end(self, state: ScanState, error: Reason = NONE) -> bool:
        with transaction.atomic():
            mine = Scan.objects.open().filter(pk=self.pk)
            is_ended = bool(mine.update(state=state, error=error, ended_at=timezone.now()))
            if is_ended:
                self.parts.all().delete()
            self.refresh_from_db()
            if is_ended:
                counters.SCANS.add(result=state)
                self.settle()
        return is_ended


def _is_held(now: datetime) -> Q:
    return Q(claimed_until__range=(now, now + LONGEST_CLAIM))


class ScanPartQuerySet(models.QuerySet["ScanPart"]):
    """Parts of scans that are waiting, or claimed by a worker."""

    def worth_trying(self) -> Self:
        """Parts with attempts left, or under way."""
        return self.filter(Q(attempts__lt=MAX_ATTEMPTS) | _is_held(timezone.now()))

    def free(self) -> Self:
        """Parts that a worker may claim, the oldest first."""
        now = timezone.now()
        unclaimed = Q(claimed_until=None) | ~_is_held(now)
        return self.filter(unclaimed, attempts__lt=MAX_ATTEMPTS).order_by("pk")

    def held(self) -> Self:
        """Parts whose claim has not expired."""
        return self.filter(_is_held(timezone.now()))

    def lock(self, claims: Collection[str]) -> list[str]:
        """Which of these claims still hold; they do until this transaction is over."""
        mine = self.filter(claim__in=list(claims)).order_by("pk").select_for_update()
        return list(mine.values_list("claim", flat=True))

    def renew(self, parts: Iterable[ScanPart], lease_s: float) -> set[int]:
        """Keep claimed parts for another `lease_s` seconds; keys of those that still are ours."""
        until = timezone.now() + timedelta(seconds=lease_s)
        mine = self.filter(claim__in=[part.claim for part in parts])
        mine.update(claimed_until=until)
        return set(mine.values_list("pk", flat=True))

    def give_back(self, parts: Iterable[ScanPart], *, is_death: bool = False) -> None:
        """Let others take claimed parts at once; unless it `is_death`, that was no attempt."""
        mine = self.filter(claim__in=[part.claim for part in parts])
        attempts = F("attempts") if is_death else F("attempts") - 1
        mine.update(claim="", claimed_until=None, attempts=attempts)


class ScanPart(models.Model):
    """Some resources of a scan, gone when they are checked."""

    scan = models.ForeignKey(Scan, models.CASCADE, related_name="parts")
    resources = models.JSONField()
    asked_at = models.DateTimeField(default=timezone.now)
    claim = models.CharField(max_length=32, blank=True)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    objects = ScanPartQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{len(self.resources)} of scan {self.scan_id}"

    def num_unchecked(self) -> int:
        """How many of its resources nobody has checked."""
        rows = Resource.objects.standing().filter(pk__in=self.resources)
        return rows.unchecked_since(self.asked_at).count()
