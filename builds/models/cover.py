"""What is known of each cover, and of the hosts that covers are fetched from."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ghost.core import process
from ghost.core.db.fields import ReasonField
from ghost.core.text.reasons import Reason
from resources.models import Resource

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

OPEN_AFTER = 3
"""So many failures in a row, and a host is left alone."""
FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=6)
"""Each pause is twice as long as the one before, up to this."""
MAX_HOST_CHARS = 255
LONGEST_LEASE = timedelta(minutes=15)
"""A lease that ends later was written by a clock that ran ahead: nobody waits for it."""


class CoverQuerySet(models.QuerySet["Cover"]):
    """Sets of covers, of which each resource has one at most."""

    def made(self) -> Self:
        """Those that were drawn, and not only tried."""
        return self.exclude(digest="")

    def digests(self) -> set[str]:
        """What their files are named by."""
        return set(self.made().values_list("digest", flat=True))

    def left_over(self) -> Self:
        """Those that their resources don't show any more."""
        return self.made().filter(resource__cover_image_path=None)

    def outdated(self, version: int) -> Self:
        """Those drawn by an earlier version of ours that can be had again, and are not asked for:
        what was uploaded was kept as it was drawn."""
        shown = self.made().filter(drawing_version__lt=version, resource__cover_due_at=None)
        fetched = shown.filter(resource__cover_uploaded_at=None)
        return fetched.exclude(resource__cover_image_path=None).exclude(
            resource__cover_image_url=None
        )


class Cover(models.Model):
    """The cover of a resource as it was written anew, and how often fetching it failed.

    Shown only while the resource's `cover_image_path` is set: the address may have changed since.
    """

    resource = models.OneToOneField(Resource, models.CASCADE, related_name="cover")
    digest = models.CharField(_("digest"), max_length=64, blank=True)
    """Of both sizes: their files are named by it."""
    width = models.PositiveIntegerField(_("width"), default=0)
    height = models.PositiveIntegerField(_("height"), default=0)
    source = models.CharField(max_length=64, blank=True, editable=False)
    """Digest of the address it came from: another address starts afresh. Empty for an upload."""
    uploaded_by = models.CharField(_("uploaded by"), max_length=150, blank=True)
    attempts = models.PositiveSmallIntegerField(_("failed attempts"), default=0)
    fetched_at = models.DateTimeField(_("fetched"), null=True)
    drawing_version = models.PositiveSmallIntegerField(default=0, editable=False)
    """`pictures.VERSION` of who drew it."""

    objects = CoverQuerySet.as_manager()

    class Meta:
        verbose_name = _("cover")
        verbose_name_plural = _("covers")

    def __str__(self) -> str:
        return f"cover of {self.resource_id}"


class CoverHostQuerySet(models.QuerySet["CoverHost"]):
    """Sets of hosts that covers are fetched from."""

    def resting(self) -> Self:
        """Those that are left alone now."""
        now = timezone.now()
        return self.filter(open_until__gt=now, open_until__lte=now + LONGEST_PAUSE)

    def failing(self) -> Self:
        """Those whose last answer was a failure."""
        return self.filter(failures__gt=0)

    def reset(self) -> int:
        """Have them tried again at once; how many had failed."""
        return self.failing().update(failures=0, open_until=None)

    def prune(self, before: datetime) -> int:
        """Drop those that have not failed since then; how many there were."""
        return self.filter(failed_at__lt=before).delete()[0]

    def note_waiting(self, counts: dict[str, int]) -> None:
        """How many covers wait for each host."""
        for pk, name, waiting in self.values_list("pk", "name", "waiting"):
            if waiting != counts.get(name, 0):
                self.filter(pk=pk).update(waiting=counts.get(name, 0))

    def note_success(self, name: str) -> None:
        """It answered: whatever was held against it is forgotten."""
        self.filter(name=name).reset()

    def note_failure(self, name: str, error: Reason, retry_after_s: float | None = None) -> None:
        """It did not answer as it should, and asked to be left alone for so many seconds.

        One that is left alone already was asked before that was known.
        """
        with transaction.atomic():
            host, _made = self.select_for_update().get_or_create(name=name[:MAX_HOST_CHARS])
            if not host.is_resting:
                host.failures += 1
                host.open_until = host.pause_end(retry_after_s)
            host.failed_at, host.last_error = timezone.now(), error
            host.save()


class CoverHost(models.Model):
    """A circuit per host: after failures in a row it is left alone, for longer each time.

    One success closes it. While it is open, covers on it stay due and are not tried; when its
    time is up, one of them is.
    """

    class State(models.TextChoices):
        """Whether a host is asked for covers."""

        CLOSED = "closed", _("in use")
        FAILING = "failing", _("failing")
        OPEN = "open", _("left alone")
        TRYING = "trying", _("on trial")

    name = models.CharField(_("host"), max_length=MAX_HOST_CHARS, unique=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    open_until = models.DateTimeField(_("not tried again until"), null=True)
    failed_at = models.DateTimeField(_("last failure"), null=True)
    last_error = ReasonField(_("last error"))
    waiting = models.PositiveIntegerField(_("covers waiting"), default=0)

    objects = CoverHostQuerySet.as_manager()

    class Meta:
        ordering = ["-failed_at", "-id"]
        verbose_name = _("cover host")
        verbose_name_plural = _("cover hosts")

    def __str__(self) -> str:
        return self.name

    @property
    def is_resting(self) -> bool:
        """Whether it is left alone now (`CoverHostQuerySet.resting` for a set)."""
        now = timezone.now()
        return self.open_until is not None and now < self.open_until <= now + LONGEST_PAUSE

    @property
    def state(self) -> State:
        """Whether it is asked now; `OPEN_AFTER` failures in a row open the circuit."""
        if self.is_resting:
            return self.State.OPEN
        if self.failures >= OPEN_AFTER:
            return self.State.TRYING
        return self.State.FAILING if self.failures else self.State.CLOSED

    @property
    def state_label(self) -> str | _StrPromise:
        """The state in the reader's language."""
        return self.State(self.state).label

    def pause_end(self, retry_after_s: float | None) -> datetime | None:
        """Until when it is left alone after one more failure, if it is."""
        pause = timedelta(0)
        if self.failures >= OPEN_AFTER:
            doubled = min(self.failures - OPEN_AFTER, 16)
            pause = min(FIRST_PAUSE * 2**doubled, LONGEST_PAUSE)
        if retry_after_s is not None:
            wanted = min(retry_after_s, LONGEST_PAUSE.total_seconds())
            pause = max(pause, timedelta(seconds=wanted))
        return timezone.now() + pause if pause else None


class CoverLease(models.Model):
    """One row: which process fetches covers, so that no two fetch the same."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    holder = models.CharField(max_length=process.MAX_CHARS + 33, blank=True)
    """A process, and which of its times."""
    held_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(name="builds_one_lease", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return f"held until {self.held_until}"

    @classmethod
    @contextmanager
    def taken(cls, lease_s: float) -> Iterator[bool]:
        """Whether it is ours until the end, or for `lease_s` seconds if we die before."""
        holder, now = f"{process.name()}#{uuid.uuid4().hex}", timezone.now()
        before, _made = cls.objects.get_or_create(pk=1)
        if process.is_alive(before.holder.partition("#")[0]) is False:
            cls.objects.filter(holder=before.holder).update(held_until=None)
        held = models.Q(held_until__gt=now, held_until__lte=now + LONGEST_LEASE)
        until = now + timedelta(seconds=lease_s)
        is_ours = cls.objects.exclude(held).update(holder=holder, held_until=until) == 1
        try:
            yield is_ours
        finally:
            cls.objects.filter(holder=holder).update(held_until=None)
