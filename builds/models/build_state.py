"""What the public site holds, and how far the catalog has moved since."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import models, transaction
from django.db.models import Case, Q, When
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from builds.models.build import TRIGGER_CHARS, Build
from ghost.core import backoff
from ghost.core.catalog.models import Catalog
from ghost.core.db.fields import ReasonField
from ghost.core.text.notes import Notes
from ghost.core.text.reasons import NONE, Reason, read

RETRY_PAUSES = backoff.Backoff(
    (timedelta(seconds=30), *(timedelta(minutes=each) for each in (1, 2, 5, 10)))
)
"""Between builds that fail; the last one again and again."""
LOST_AFTER = timedelta(minutes=10)
"""A build that was asked for so long ago, and of which nothing was heard, is asked for again."""


class Extent(StrEnum):
    """What a requested build looks at."""

    CHANGES = "changes"
    EVERYTHING = "everything"
    VERIFICATION = "verification"


class BuildState(models.Model):
    """One row: what the public site holds. Pending is derived from two counters, never stored."""

    task_id: str  # of a build that was just asked for
    notes: Notes  # the same
    stored_reason: str  # of the catalog, as its column has it: where `status` read it

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    built_revision = models.BigIntegerField(_("built revision"), default=-1)
    built_as_of = models.DateTimeField(_("built as of"), null=True)
    synced_revision = models.BigIntegerField(default=-1)
    """Of the catalog, in the tables that the site is made from."""
    synced_as_of = models.DateTimeField(null=True)
    generated_at = models.DateTimeField(null=True)
    """When what is shown last changed: never the clock of a build."""
    taxonomy: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    """`builds.data.taxonomy.Taxonomy` of the synced revision."""
    fingerprint = models.CharField(max_length=64, blank=True)
    """`builds.render.fingerprint.current` at the last full build."""
    token = models.CharField(max_length=32, blank=True)
    """Names the public tree that agrees with these tables but for what is due; empty if none
    does, so that everything has to be built."""
    pages = models.PositiveIntegerField(default=0)
    files = models.PositiveIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    removed_revision = models.BigIntegerField(default=0)
    """What was taken down up to this revision of the catalog is off the public site."""
    purged_revision = models.BigIntegerField(default=0)
    """What was taken down or blocked up to this revision is in no state that is kept."""
    removal_token = models.CharField(max_length=32, blank=True)
    """Of the tree as the last such removal left it, whether or not these tables describe it."""
    removal_due_at = models.DateTimeField(null=True)
    """When the last such removal is to be deployed (again); None if it is, or waits for somebody."""
    on_site_as_of = models.DateTimeField(null=True)
    """Of the catalog, as readers see it: `builds.deploy.on_site` has written down which versions."""
    held_at = models.CharField(_("held at"), max_length=64, blank=True)
    """The site was rolled back to this state and waits for an operator."""
    waited_for_until = models.DateTimeField(null=True)
    """Until then a task waits for the catalog to be quiet."""
    postponed_extent = models.CharField(max_length=20, blank=True)
    """`Extent` of a request for more than changes that no build has done yet."""
    postponed_by = models.CharField(max_length=TRIGGER_CHARS, blank=True)
    attempts = models.PositiveIntegerField(_("failed builds in a row"), default=0)
    next_try_at = models.DateTimeField(_("next try"), null=True)
    """When what is not built yet is asked for again."""
    last_build_at = models.DateTimeField(_("last build"), null=True)
    last_build_commit = models.CharField(_("deployed commit"), max_length=64, null=True)
    last_error = ReasonField(_("last error"))

    class Meta:
        verbose_name = _("build state")
        verbose_name_plural = _("build state")
        constraints = [models.CheckConstraint(name="builds_one_state", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return f"built revision {self.built_revision}"

    @classmethod
    def get(cls) -> BuildState:
        """The one row; the taxonomy, which few ask for, is read when it is asked for."""
        return cls.objects.defer("taxonomy").get_or_create(pk=1)[0]

    @classmethod
    def status(cls) -> BuildState:
        """The one row, with all that its properties tell, in one query."""
        rows = cls.objects.raw(_STATUS, [Build.State.RUNNING])
        state = next(iter(rows), None)
        if state is None:
            return cls.get()
        state.catalog_reason = read(state.stored_reason)
        return state

    @cached_property
    def catalog_revision(self) -> int:
        """Of the catalog, when this was asked first."""
        return Catalog.get().revision

    @cached_property
    def catalog_reason(self) -> Reason:
        """The catalog's last change, as above."""
        return Catalog.get().reason

    @cached_property
    def is_building(self) -> bool:
        """Whether a build is under way, as above."""
        return Build.objects.running().exists()

    @property
    def pending_changes(self) -> bool:
        """Whether the catalog has moved since what was built."""
        return self.catalog_revision > self.built_revision

    @property
    def pending_reason(self) -> Reason:
        """The last change that is not built yet, if any."""
        return self.catalog_reason if self.pending_changes else NONE

    @classmethod
    def start_waiting(cls, seconds: float) -> bool:
        """Whether this task may wait for quiet, so long at most: one at a time does."""
        now = timezone.now()
        until = now + timedelta(seconds=seconds)
        free = (
            Q(waited_for_until=None) | Q(waited_for_until__lt=now) | Q(waited_for_until__gt=until)
        )
        cls.get()
        return bool(cls.objects.filter(free, pk=1).update(waited_for_until=until))

    @property
    def is_waited_for(self) -> bool:
        """Whether a task waits for quiet, as far as this row tells."""
        return self.waited_for_until is not None and self.waited_for_until > timezone.now()

    @classmethod
    def stop_waiting(cls) -> None:
        """Let another task wait for quiet."""
        cls.objects.filter(pk=1).update(waited_for_until=None)

    @classmethod
    def postpone(cls, extent: Extent, by: str, *, is_queued: bool = False) -> None:
        """Remember what was asked for until a build has done it: whoever ends a build looks, and
        the watch does. Everything is a verification too. `is_queued`: a task for it is under way."""
        if extent == Extent.CHANGES:  # the catalog's revision remembers them
            return
        cls.get()
        rows = cls.objects.filter(pk=1)
        if extent != Extent.EVERYTHING:
            rows = rows.exclude(postponed_extent=Extent.EVERYTHING)
        at = timezone.now() + (LOST_AFTER if is_queued else timedelta(0))
        rows.update(postponed_extent=extent, postponed_by=by[:TRIGGER_CHARS], next_try_at=at)

    @classmethod
    def forget_postponed(cls, extent: Extent) -> None:
        """A build has done that, so that nothing is left to try."""
        done = [extent] if extent != Extent.EVERYTHING else list(Extent)
        rows = cls.objects.filter(pk=1, postponed_extent__in=done)
        rows.update(postponed_extent="", next_try_at=None)

    @classmethod
    def take_try(cls) -> bool:
        """Whether the caller is to ask again for what failed, was postponed or is lost; nobody else
        is until that seems to be lost too."""
        now = timezone.now()
        due = Q(next_try_at=None) | Q(next_try_at__lte=now)
        later = now + LOST_AFTER
        return bool(cls.objects.filter(due, pk=1, held_at="").update(next_try_at=later))

    def hold(self, where: str) -> None:
        """The site was put back to an earlier state: nothing is built by itself until a build
        that somebody asked for ends that."""
        self.held_at = where
        self.save(update_fields=["held_at"])

    @classmethod
    def succeed(cls, build: Build, state: Build.State, token: str = "") -> bool:
        """Close a build: the public site holds what was synced, and is in the state that `token`
        names, if it is another one. False if the build had been given up for dead."""
        with transaction.atomic():
            is_ended = build.end(state)
            if is_ended:
                cls.get()
                cls.objects.filter(pk=1).update(
                    built_revision=models.F("synced_revision"),
                    built_as_of=models.F("synced_as_of"),
                    removed_revision=Greatest("removed_revision", "synced_revision"),
                    attempts=0,
                    next_try_at=Case(When(postponed_extent="", then=None), default="next_try_at"),
                    last_build_at=build.ended_at,
                    last_error=NONE,
                    held_at="",
                    **({"token": token} if token else {}),
                    **_size_of(build),
                )
        return is_ended

    @classmethod
    def fail(cls, build: Build, error: Reason) -> bool:
        """Close a build and say why; what was published last stays, and so does its time. False if
        the build had been given up for dead."""
        build.release = build.token = ""
        with transaction.atomic():
            is_ended = build.end(Build.State.FAILED, error)
            if is_ended:
                failures = cls.get().attempts + 1
                cls.objects.filter(pk=1).update(
                    last_error=error,
                    attempts=failures,
                    next_try_at=timezone.now() + RETRY_PAUSES.after(failures),
                )
        return is_ended

    @classmethod
    def roll_back(cls, build: Build, revision: int | None) -> None:
        """Close the way back to the build `build.back_to`: the site holds that revision again, and
        waits for an operator; what it lacks stays pending."""
        with transaction.atomic():
            build.end(Build.State.DONE)
            cls.objects.filter(pk=1).update(
                built_revision=-1 if revision is None else revision, **_size_of(build)
            )
            cls.get().hold(f"#{build.back_to}")

    @property
    def retry_at(self) -> datetime | None:
        """When the build that failed is tried again by itself, if it is."""
        return self.next_try_at if self.attempts and not self.held_at else None

    @property
    def held_build(self) -> int | None:
        """The build to whose state the site was put back, while it waits for an operator."""
        number = self.held_at.removeprefix("#")
        return int(number) if number.isdecimal() else None

    @property
    def building(self) -> Build | None:
        """The build under way, if any."""
        return Build.objects.running().first() if self.is_building else None


_STATUS = """
    SELECT state.id, built_revision, attempts, next_try_at, last_build_at, last_build_commit, last_error, held_at,
        COALESCE(catalog.revision, 0) AS catalog_revision,
        COALESCE(catalog.reason, '') AS stored_reason,
        EXISTS(SELECT 1 FROM builds_build WHERE builds_build.state = %s) AS is_building
    FROM builds_buildstate state LEFT JOIN ghost_catalog catalog ON catalog.id = 1
"""
"""Asked for again and again: the ORM takes five times as long to write this query as a database
to answer it. Other columns are read when they are asked for."""


def _size_of(build: Build) -> dict[str, int]:
    return {"pages": build.pages or 0, "files": build.files or 0, "bytes": build.bytes or 0}
