"""What was built, when, and how each step of it went."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from builds import counters, reasons
from builds.models.step import Step
from ghost.core import process
from ghost.core.catalog.models import Catalog
from ghost.core.db.fields import ReasonField
from ghost.core.events import outbox
from ghost.core.events.models import EventKind
from ghost.core.jobs import worker
from ghost.core.text.reasons import NONE, Reason

LEASE = timedelta(minutes=1)
"""A running build that was silent for so long is dead; its builder renews far more often."""
LATEST_LEASE = 2 * LEASE
"""A lease that ends later was written by a clock that ran ahead: nobody may wait for it."""

TRIGGER_CHARS = 100
"""What is longer is cut: names of users may be."""


class BuildQuerySet(models.QuerySet["Build"]):
    """Sets of builds; at most one of all is running."""

    def bury_dead(self) -> int:
        """End the running build whose builder is dead, or fell silent; how many there were."""
        now = timezone.now()
        living = Q(lease_until__range=(now, now + LATEST_LEASE))
        buried = 0
        died = reasons.BUILDER_DIED()
        for dead in self.running():
            is_dead = process.is_alive(dead.builder) is False
            lapsed = Q() if is_dead else ~living
            with transaction.atomic():
                # It may have renewed its lease since.
                mine = Build.objects.running().filter(lapsed, pk=dead.pk)
                ended = {"state": Build.State.FAILED, "ended_at": now, "error": died}
                if mine.update(**ended, is_overtaken=True):
                    dead.steps.filter(ended_at=None).update(ended_at=now, is_ok=False)
                    dead.state, dead.ended_at, dead.error = Build.State.FAILED, now, died
                    dead.tell()
                    counters.BUILDS.add(result=dead.state)
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
                    builder=process.name(),
                )
                build.tell()
        except IntegrityError:
            return None
        worker.add_result(build_id=build.pk)
        return build

    def outdated(self, before: datetime) -> Self:
        """Builds that ended before then, but for the newest one."""
        newest = self.order_by("-id").values_list("pk", flat=True)[:1]
        return self.filter(ended_at__lt=before).exclude(pk__in=list(newest))

    def is_under_way(self) -> bool:
        """Whether one is running whose builder lives."""
        self.bury_dead()
        return self.running().exists()

    def is_calm(self, most: int, within: timedelta) -> bool:
        """Whether the last one left nothing behind that came while it ran, and fewer than `most`
        were begun `within` that time."""
        last = self.order_by("-id")
        if last.values_list("is_overtaken", flat=True).first():
            return False
        begun = last.values_list("started_at", flat=True)[most - 1 : most]
        return not begun or begun[0] <= timezone.now() - within

    def running(self) -> Self:
        """The one under way, if any."""
        return self.filter(state=Build.State.RUNNING)


class Build(models.Model):
    """One run: covers → sync → export → search → hugo → check → publish → deploy."""

    class State(models.TextChoices):
        """Where a build is: running, or how it ended."""

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
    builder = models.CharField(max_length=process.MAX_CHARS, blank=True)
    """The process that builds."""
    resources = models.PositiveIntegerField(_("resources"), null=True)
    pages = models.PositiveIntegerField(_("pages"), null=True)
    files = models.PositiveIntegerField(_("files"), null=True)
    bytes = models.PositiveBigIntegerField(_("bytes"), null=True)
    is_full = models.BooleanField(_("everything"), default=False)
    changed = models.PositiveIntegerField(_("files changed"), default=0)
    is_overtaken = models.BooleanField(default=False)
    """The catalog had moved on when it ended, or it failed: what it left behind is gathered."""
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
        """Seconds from its start to its end; None while it runs."""
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

    def end(self, state: State, error: Reason = NONE) -> bool:
        """Close it, and tell so; False if it had been given up for dead, and stays as it was. What
        the public site holds then is for `BuildState` to note in the same transaction."""
        self.state, self.error, self.ended_at = state, error, timezone.now()
        self.is_overtaken = state == self.State.FAILED or self._is_behind()
        kept = (
            "resources", "pages", "files", "bytes", "release", "revision", "set_aside", "is_full",
            "changed", "token", "is_overtaken",
        )  # fmt: skip
        with transaction.atomic():
            is_ended = Build.objects.filter(pk=self.pk, state=self.State.RUNNING).update(
                state=state, error=error, ended_at=self.ended_at,
                **{name: getattr(self, name) for name in kept},
            )  # fmt: skip
            if is_ended:
                self.tell()
                worker.add_result(state=str(state))
                counters.BUILDS.add(result=state)
                counters.BUILD_DURATION.observe(self.seconds or 0)
        return bool(is_ended)

    def _is_behind(self) -> bool:
        return self.revision is not None and Catalog.get().revision > self.revision

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
