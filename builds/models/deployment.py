"""What each target of deployments holds, and what became of the last try. When it is tried again, its
circuit says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Protocol, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from builds import reasons
from ghost.core import circuits, process
from ghost.core.circuits import Circuit, Kind
from ghost.core.circuits.models import MAX_NAME_CHARS
from ghost.core.db.fields import ReasonField
from ghost.core.errors import RefusedError
from ghost.core.text.reasons import NONE, Reason


class TargetKey(Protocol):
    """What a target is known by."""

    @property
    def kind(self) -> str:
        """What brings the site there: one of `Deployment.Kind`."""

    @property
    def address(self) -> str:
        """What tells it from others, without credentials."""


class DeploymentQuerySet(models.QuerySet["Deployment"]):
    """Sets of deployments, of which each target has one."""

    def for_target(self, target: TargetKey) -> Deployment:
        """The row of a target."""
        defaults = {"kind": target.kind, "target": target.address}
        return self.get_or_create(key=_key(target), defaults=defaults)[0]

    def for_targets(self, targets: Iterable[TargetKey]) -> Self:
        """The rows of these targets, those that there are."""
        return self.filter(key__in=[_key(target) for target in targets])

    def stuck(self) -> Self:
        """What failed, or waits for an operator."""
        return self.filter(state__in=(Deployment.State.FAILED, Deployment.State.HELD))

    def forget(self) -> None:
        """Drop these rows with their circuits; what lies at the targets stays there."""
        names = [row.target[:MAX_NAME_CHARS] for row in self]
        Circuit.objects.of(Kind.DEPLOY_TARGET).filter(name__in=names).delete()
        self.delete()


class Deployment(models.Model):
    """One target: a pages branch, a folder, or another host."""

    class State(models.TextChoices):
        """How the last try ended."""

        WAITING = "waiting", _("waiting")
        DONE = "done", _("deployed")
        FAILED = "failed", _("failed")
        HELD = "held", _("waits for an operator")

    class Kind(models.TextChoices):
        """The kind of target: what brings the site there."""

        GIT = "git", _("pages branch")
        FOLDER = "folder", _("folder")
        RSYNC = "rsync", _("rsync")

    key = models.CharField(max_length=64, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    target = models.TextField(_("target"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    wanted = models.CharField(max_length=64, blank=True, editable=False)
    """Token of the state of the site that it should hold."""
    token = models.CharField(max_length=64, blank=True, editable=False)
    """Token of the state that it holds; empty before the first deployment."""
    commit = models.CharField(_("commit"), max_length=64, blank=True)
    files = models.PositiveIntegerField(_("files"), default=0)
    changed = models.PositiveIntegerField(_("files changed"), default=0)
    removed = models.PositiveIntegerField(_("files removed"), default=0)
    deployed_at = models.DateTimeField(_("deployed"), null=True)
    tried_at = models.DateTimeField(_("last try"), null=True)
    deployer = models.CharField(max_length=process.MAX_CHARS, blank=True, editable=False)
    """The process that tries it now."""
    error = ReasonField(_("last error"))
    deletions = models.PositiveIntegerField(_("pending deletions"), null=True)
    asked = models.CharField(max_length=64, blank=True, editable=False)
    """Digest of the files whose deletion waits for an operator."""
    allowed = models.CharField(max_length=64, blank=True, editable=False)
    """Digest of those whose deletion was allowed."""

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("deployment")
        verbose_name_plural = _("deployments")

    def __str__(self) -> str:
        return self.target

    @property
    def is_current(self) -> bool:
        """Whether it holds what it should."""
        return bool(self.wanted) and self.token == self.wanted and self.state == self.State.DONE

    @property
    def is_held(self) -> bool:
        """Whether nothing happens before an operator allows it."""
        return self.state == self.State.HELD and self.asked != self.allowed

    @property
    def is_due(self) -> bool:
        """Whether it should be tried now."""
        if self.is_current or self.is_held:
            return False
        return not circuits.is_open(Kind.DEPLOY_TARGET, self.target)

    @property
    def circuit(self) -> Circuit | None:
        """What says when it is tried again, if it ever failed."""
        return Circuit.objects.named(Kind.DEPLOY_TARGET, self.target).first()

    @property
    def summary(self) -> Reason:
        """How it stands, in one line."""
        name = self.target
        if self.is_current:
            return reasons.DEPLOYED(name=name, number=self.changed, removed=self.removed)
        if self.error:
            return reasons.NOT_DEPLOYED(name=name, reason=self.error)
        return reasons.WAITS_FOR_ITS_TURN(name=name)

    def want(self, token: str) -> None:
        """That it should hold another state of the site. What failed keeps its pause; what waits
        for an operator is looked at anew, since less may be deleted now."""
        if self.wanted == token:
            return
        self.wanted = token
        if self.state == self.State.HELD:
            self.state = self.State.WAITING
        self.save(update_fields=["wanted", "state"])

    def begin(self) -> None:
        """That it is tried by this process."""
        self.tried_at, self.deployer = timezone.now(), process.name()
        self.save(update_fields=["tried_at", "deployer"])

    def bury(self) -> None:
        """For who knows that nobody else of this machine deploys: a try that did not come to its end
        has failed."""
        if self.deployer and process.is_here(self.deployer):
            self.fail(reasons.DEPLOYER_DIED())

    def succeed(self, token: str, commit: str, files: int, changed: int, removed: int) -> None:
        """That it holds that state now."""
        self.state, self.token, self.commit, self.error = self.State.DONE, token, commit, NONE
        self.files, self.changed, self.removed = files, changed, removed
        self.deployed_at = timezone.now()
        self.deletions, self.asked, self.allowed = None, "", ""
        self._store()
        circuits.succeeded(Kind.DEPLOY_TARGET, self.target)

    def fail(self, error: Reason) -> None:
        """That it holds what it held, and why."""
        self.state, self.error = self.State.FAILED, error
        self._store()
        circuits.failed(Kind.DEPLOY_TARGET, self.target, error)

    def hold(self, error: Reason, deletions: int, digest: str) -> None:
        """That an operator has to allow its deletions."""
        self.state, self.error, self.deletions, self.asked = (
            self.State.HELD, error, deletions, digest,
        )  # fmt: skip
        self._store()
        circuits.succeeded(Kind.DEPLOY_TARGET, self.target)

    def allow(self) -> None:
        """Let exactly the deletions pass that it waits for. RefusedError if there are none."""
        if not self.is_held:
            raise RefusedError(reasons.NOT_HELD())
        self.allowed = self.asked
        self.save(update_fields=["allowed"])

    def _store(self) -> None:
        """The end of a try: all but what others write meanwhile."""
        self.deployer = ""
        kept = {"id", "key", "wanted"} | (set() if self.is_current else {"allowed"})
        self.save(update_fields=[f.name for f in self._meta.fields if f.name not in kept])
        self.refresh_from_db(fields=["wanted"])


def _key(target: TargetKey) -> str:
    return hashlib.sha256(f"{target.kind} {target.address}".encode()).hexdigest()
