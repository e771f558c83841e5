"""What was built, when, and how each step of it went."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from builds import reasons
from ghost.core.catalog.models import Catalog
from ghost.core.db.fields import ReasonField
from ghost.core.events import outbox
from ghost.core.events.models import EventKind
from ghost.core.jobs import worker
from ghost.core.text.reasons import NONE, Reason, read

LEASE = timedelta(minutes=1)
"""A running build that was silent for so long is dead; its builder renews far more often."""
LATEST_LEASE = 2 * LEASE
"""A lease that ends later was written by a clock that ran ahead: nobody may wait for it."""

TRIGGER_CHARS = 100
"""What is longer is cut: names of users may be."""


class BuildState(models.Model):
    """One row: what the public site holds. Pending is derived from two counters, never stored."""

    task_id: str  # of a build that was just asked for
    stored_reason: str  # of the catalog, as its column has it: where `at_once` read it

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    built_revision = models.BigIntegerField(_("built revision"), default=-1)
    built_as_of = models.DateTimeField(_("built as of"), null=True)
    absorbed_revision = models.BigIntegerField(default=-1)
    """Of the catalog, in the tables that the site is made from."""
    absorbed_as_of = models.DateTimeField(null=True)
    generated_at = models.DateTimeField(null=True)
    """When what is shown last changed: never the clock of a build."""
    names: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    """`builds.data.taxonomy.Names` of the absorbed revision."""
    look = models.CharField(max_length=64, blank=True)
    token = models.CharField(max_length=32, blank=True)
    """Names the public tree that agrees with these tables but for what is due; empty if none
    does, so that everything has to be built."""
    pages = models.PositiveIntegerField(default=0)
    files = models.PositiveIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    held_at = models.CharField(_("held at"), max_length=64, blank=True)
    """The site was rolled back to this state and waits for an operator."""
    waited_for_until = models.DateTimeField(null=True)
    """Until then a task waits for the catalog to be quiet."""
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
        """The one row; the names, which few ask for, are read when they are asked for."""
        return cls.objects.defer("names").get_or_create(pk=1)[0]

    @classmethod
    def at_once(cls) -> BuildState:
        """The one row, with all that its properties tell, in one query."""
        rows = cls.objects.raw(_AT_ONCE, [Build.State.RUNNING])
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

    @classmethod
    def stop_waiting(cls) -> None:
        """Let others wait."""
        cls.objects.filter(pk=1).update(waited_for_until=None)

    def hold(self, where: str) -> None:
        """The site was put back to an earlier state: nothing is built by itself until a build
        that somebody asked for, or a takedown, ends that."""
        self.held_at = where
        self.save(update_fields=["held_at"])

    @property
    def held_build(self) -> int | None:
        """The build to whose state the site was put back, while it waits for an operator."""
        number = self.held_at.removeprefix("#")
        return int(number) if number.isdecimal() else None

    @property
    def building(self) -> Build | None:
        """The build under way, if any."""
        return Build.objects.running().first() if self.is_building else None


_AT_ONCE = """
    SELECT state.id, built_revision, last_build_at, last_build_commit, last_error, held_at,
        COALESCE(catalog.revision, 0) AS catalog_revision,
        COALESCE(catalog.reason, '') AS stored_reason,
        EXISTS(SELECT 1 FROM builds_build WHERE builds_build.state = %s) AS is_building
    FROM builds_buildstate state LEFT JOIN ghost_catalog catalog ON catalog.id = 1
"""
"""Asked for again and again: the ORM takes five times as long to write this query as a database
to answer it. Other columns are read when they are asked for."""


class BuildQuerySet(models.QuerySet["Build"]):
    """Sets of builds."""

    def bury_dead(self) -> int:
        """End the running build whose builder fell silent; how many there were."""
        now = timezone.now()
        living = Q(lease_until__range=(now, now + LATEST_LEASE))
        buried = 0
        died = reasons.BUILDER_DIED()
        for dead in self.running().exclude(living):
            with transaction.atomic():
                # It may have renewed its lease since.
                mine = Build.objects.running().filter(pk=dead.pk).exclude(living)
                if mine.update(state=Build.State.FAILED, ended_at=now, error=died):
                    dead.steps.filter(ended_at=None).update(ended_at=now, is_ok=False)
                    dead.state, dead.ended_at, dead.error = Build.State.FAILED, now, died
                    dead.tell()
                    buried += 1
        return buried

    def claim(self, trigger: str, *, back_to: int | None = None) -> Build | None:
        """Start a build, or the way back to an earlier one, unless one is running on any host."""
        self.bury_dead()
        try:
            with transaction.atomic():
                build = self.create(
                    trigger=trigger[:TRIGGER_CHARS],
                    back_to=back_to,
                    lease_until=timezone.now() + LEASE,
                )
                build.tell()
        except IntegrityError:
            return None
        worker.add_result(build_id=build.pk)
        return build

    def prune(self, before: datetime) -> int:
        """Drop builds that ended before then, but for the newest one; how many there were."""
        newest = self.order_by("-id").values_list("pk", flat=True)[:1]
        dropped, by_model = self.filter(ended_at__lt=before).exclude(pk__in=list(newest)).delete()
        return by_model.get("builds.Build", 0) if dropped else 0

    def running(self) -> Self:
        """The one under way, if any."""
        return self.filter(state=Build.State.RUNNING)


class Build(models.Model):
    """One run: covers → absorb → export → search → hugo → check → publish → deploy."""

    class State(models.TextChoices):
        """How it stands."""

        RUNNING = "running", _("running")
        DONE = "done", _("done")
        UNCHANGED = "unchanged", _("unchanged")
        FAILED = "failed", _("failed")

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RUNNING)
    trigger = models.CharField(_("requested by"), max_length=TRIGGER_CHARS)
    revision = models.BigIntegerField(_("revision"), null=True)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True)
    lease_until = models.DateTimeField()
    resources = models.PositiveIntegerField(_("resources"), null=True)
    pages = models.PositiveIntegerField(_("pages"), null=True)
    files = models.PositiveIntegerField(_("files"), null=True)
    bytes = models.PositiveBigIntegerField(_("bytes"), null=True)
    is_full = models.BooleanField(_("everything"), default=False)
    changed = models.PositiveIntegerField(_("files changed"), default=0)
    release = models.CharField(_("release"), max_length=64, blank=True)
    token = models.CharField(max_length=32, blank=True)
    """Of the state of the public tree that it made, or found to be right."""
    back_to = models.BigIntegerField(_("back to"), null=True)
    """The build whose state of the site this one restored; nothing was built then."""
    set_aside = models.JSONField(
        _("set aside"),
        default=list,
        blank=True,
        help_text=_("Addresses of pages that Hugo could not render; the rest is published."),
    )
    error = ReasonField(_("error"))

    objects = BuildQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("build")
        verbose_name_plural = _("builds")
        constraints = [
            models.UniqueConstraint(
                "state", condition=models.Q(state="running"), name="builds_one_running"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None

    @cached_property
    def step(self) -> Step | None:
        """The step that it was at when it was asked first."""
        return self.steps.last()

    @property
    def stage(self) -> str | None:
        """The name of that step."""
        return self.step.name if self.step else None

    @property
    def progress(self) -> Step | None:
        """That step, where it can be told how far it is."""
        return self.step if self.step and self.step.total else None

    @property
    def undelivered(self) -> Step | None:
        """The step that failed to deploy it, if one did; it may be tried again by now."""
        return self.steps.filter(name="deploy", is_ok=False).last()

    def renew(self) -> bool:
        """Say that the builder lives; False if it was given up for dead and must stop."""
        mine = Build.objects.filter(pk=self.pk, state=self.State.RUNNING)
        return bool(mine.update(lease_until=timezone.now() + LEASE))

    def succeed(self, state: State, token: str) -> bool:
        """Close it: the public site is in the state that `token` names, and holds what was
        absorbed. False if it had been given up for dead."""
        with transaction.atomic():
            ended = self._end(state)
            if ended:
                BuildState.get()
                BuildState.objects.filter(pk=1).update(
                    built_revision=models.F("absorbed_revision"),
                    built_as_of=models.F("absorbed_as_of"),
                    last_build_at=self.ended_at,
                    last_error=NONE,
                    token=token,
                    held_at="",
                    pages=self.pages or 0,
                    files=self.files or 0,
                    bytes=self.bytes or 0,
                )
        return ended

    def end_rollback(self, revision: int | None) -> bool:
        """Close it: the site holds that revision again, and what it lacks stays pending."""
        ended = self._end(self.State.DONE)
        BuildState.objects.filter(pk=1).update(
            built_revision=-1 if revision is None else revision,
            pages=self.pages or 0,
            files=self.files or 0,
            bytes=self.bytes or 0,
        )
        return ended

    def fail(self, error: Reason) -> bool:
        """Close it and say why; what was published last stays, and so does its time."""
        self.release = self.token = ""
        with transaction.atomic():
            ended = self._end(self.State.FAILED, error)
            if ended:
                BuildState.get()
                BuildState.objects.filter(pk=1).update(last_error=error)
        return ended

    def _end(self, state: State, error: Reason = NONE) -> bool:
        self.state, self.error, self.ended_at = state, error, timezone.now()
        kept = (
            "resources", "pages", "files", "bytes", "release", "revision", "set_aside", "is_full",
            "changed", "token",
        )  # fmt: skip
        with transaction.atomic():
            is_ended = Build.objects.filter(pk=self.pk, state=self.State.RUNNING).update(
                state=state, error=error, ended_at=self.ended_at,
                **{name: getattr(self, name) for name in kept},
            )  # fmt: skip
            if is_ended:
                self.tell()
                worker.add_result(state=str(state))
        return bool(is_ended)

    def tell(self, step: Step | None = None) -> None:
        """Tell every listener how it stands, and the one who asked for it; only Admins hear what
        went wrong, and who asked."""
        at = {"done": step.done, "total": step.total} if step and step.total else None
        told = {"build_id": self.pk, "state": str(self.state), "progress": at}
        told |= {"stage": step.name if step else None, "started_at": self.started_at.isoformat()}
        told |= {"ended_at": self.ended_at.isoformat() if self.ended_at else None}
        more = {"trigger": self.trigger, "error": self.error.english}
        outbox.add(EventKind.BUILD, told, more=more, is_for_all=True)
        if step:
            worker.report(step.name, step.done, step.total)


class Step(models.Model):
    """One step of a build, with what it printed."""

    build = models.ForeignKey(Build, models.CASCADE, related_name="steps")
    name = models.CharField(_("step"), max_length=30)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True)
    is_ok = models.BooleanField(_("ok"), null=True)
    exit_code = models.IntegerField(_("exit code"), null=True)
    output = models.TextField(_("output"), blank=True)
    counts = models.JSONField(_("counts"), default=dict, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    """How far it is while it runs; 0 of 0 where that can't be told."""

    class Meta:
        ordering = ["id"]
        verbose_name = _("step")
        verbose_name_plural = _("steps")

    def __str__(self) -> str:
        return self.name

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None
