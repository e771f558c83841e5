"""Which targets are due, and what became of each try.

What is wanted is written down first, then tried. A deployment that fails leaves its target as it
was, and is tried again after growing pauses without a build, as its circuit says; one that is killed,
too, since who tries it is written down before.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.conf import settings

from builds import counters, reasons
from builds.deploy import limits, taken_down, targets
from builds.deploy.target import Guard, HeldError, Holding, Site, Target
from builds.models import Build, BuildState, Deployment
from builds.models.deployment import DeploymentQuerySet
from builds.tree import patches, releases
from builds.tree.patches import TreeChanges
from ghost.core import circuits
from ghost.core.circuits import Kind
from ghost.core.config.env import BASE_DIR
from ghost.core.errors import GhostError, OutageError, RefusedError
from ghost.core.logs import context
from ghost.core.text.reasons import Plain, Reason, words

FEW = 20
"""Fewer deletions than these never wait for anybody."""


ChangesSince = Callable[[str], TreeChanges | None]

logger = logging.getLogger(__name__)


class Listener(Protocol):
    """Who hears of each target that is tried."""

    def __call__(self, row: Deployment, *, has_ended: bool) -> None:
        """That this row is tried now, or was."""


def _log(row: Deployment, *, has_ended: bool) -> None:
    if has_ended and row.state == Deployment.State.FAILED:
        logger.warning("%s was not deployed to: %s", row.target, row.error)


@dataclass(frozen=True)
class DeployReport:
    """The targets' rows after one run of deployments."""

    deployments: list[Deployment]
    tried: frozenset[int] = frozenset()
    """Primary keys of the rows that were tried; the others were left alone."""

    @property
    def is_ok(self) -> bool:
        """Whether all of them hold what is wanted."""
        return all(row.is_current for row in self.deployments)

    @property
    def commit(self) -> str:
        """The commit on the pages branch, if that holds what is wanted."""
        found = [row.commit for row in self.deployments if row.is_current and row.commit]
        return found[0] if found else ""

    def plain(self) -> list[Plain]:
        """What became of each target, as the result of a task."""
        return [self.line(row).plain() for row in self.deployments]

    def stored(self) -> str:
        """The same as a step's output: a stored reason in each line."""
        return "\n".join(self.line(row).stored() for row in self.deployments)

    def line(self, row: Deployment) -> Reason:
        """What became of one target, in one line."""
        if row.is_current and row.pk not in self.tried:
            return reasons.UP_TO_DATE(name=row.target)
        return row.summary


def is_configured() -> bool:
    """Whether there is anywhere to deploy to."""
    return bool(targets.configured())


def rows() -> DeploymentQuerySet:
    """The rows of the targets that are configured; none of one that was never tried."""
    return Deployment.objects.for_targets(targets.configured())


def due() -> bool:
    """Whether a target waits for a deployment, and its time has come."""
    if not releases.token_of(releases.current()):
        return False
    return any(Deployment.objects.for_target(target).is_due for target in targets.configured())


def deploy(
    public: Path,
    token: str,
    changes_since: ChangesSince,
    *,
    size: tuple[int, int] | None = None,
    is_asked: bool = False,
    is_whole: bool = False,
    allow_deletions: bool = False,
    tell: Listener = _log,
) -> DeployReport:
    """Bring the state `token` of the public folder to each target that is due.

    What goes wrong is written down in the target's row, and raised by nobody. `size`: files and
    bytes of the site, counted here if need be. Asked for by an operator (`is_asked`), no pause is
    kept. `is_whole`: compare everything, even if nothing changed.
    """
    rows_by_target = [
        (target, Deployment.objects.for_target(target)) for target in targets.configured()
    ]
    tried = set()
    for _, row in rows_by_target:
        row.want(token)
    with only_deployer() as is_alone:
        for target, row in rows_by_target if is_alone else []:
            row.refresh_from_db()
            row.bury()
            if is_whole or (is_asked and not row.is_current) or _may_try(row):
                tried.add(row.pk)
                tell(row, has_ended=False)
                changes = None if is_whole or not row.token else changes_since(row.token)
                attempt = _Attempt(target, row, Site(public.resolve(), changes))
                attempt.run(token, size, allow_deletions=allow_deletions)
                tell(row, has_ended=True)
    return DeployReport([row for _, row in rows_by_target], frozenset(tried))


def _may_try(row: Deployment) -> bool:
    return row.is_due and circuits.claim(Kind.DEPLOY_TARGET, row.target)


def deploy_published(
    *,
    is_asked: bool = False,
    is_whole: bool = False,
    allow_deletions: bool = False,
    tell: Listener = _log,
) -> DeployReport:
    """The same for what is published now. RefusedError if nothing is."""
    current = releases.current()
    token = releases.token_of(current)
    if current is None or not token:
        raise RefusedError(reasons.NOTHING_PUBLISHED())
    state = BuildState.get()
    build_id = Build.objects.filter(token=token).values_list("pk", flat=True).first()
    with context.within_build(build_id or ""):
        return deploy(
            current / "site", token, patches.changes_since,
            size=(state.files, state.bytes) if state.token == token else None,
            is_asked=is_asked, is_whole=is_whole, allow_deletions=allow_deletions, tell=tell,
        )  # fmt: skip


@dataclass(frozen=True)
class _Attempt:
    """One try to deploy to one target."""

    target: Target
    row: Deployment
    site: Site

    def run(self, token: str, size: tuple[int, int] | None, *, allow_deletions: bool) -> None:
        """Try it, and write down what became of it."""
        row, site = self.row, self.site
        row.begin()
        holding = Holding(bool(row.token), row.commit, row.files)
        try:
            if not any(site.paths()):
                raise OutageError(reasons.SITE_EMPTY())
            limits.check(limits.in_force(), site, size)
            guard = self._guard(allow_deletions=allow_deletions)
            sent = self.target.send(site, holding, guard)
        except HeldError as error:
            self._let_through(holding, error.takedowns)
            row.hold(error.reason, len(error.paths), _digest(error.paths))
        except GhostError as error:
            row.fail(error.reason.cleaned(_clean))
        except OSError as error:
            row.fail(words(_clean(str(error))))
        except BaseException:  # the queue's time-out arrives as SystemExit
            row.bury()
            raise
        else:
            row.succeed(token, sent.commit, sent.files, sent.changed, sent.removed)
        counters.DEPLOYMENTS.add(kind=row.kind, result=row.state)

    def _guard(self, *, allow_deletions: bool) -> Guard:
        """What lets deletions pass that a takedown asks for, that are few, allowed, or a small part
        of what was deployed. A target that we never deployed to may be somebody else's: there each
        one is asked for."""
        row, percent = self.row, settings.GHOST.deploy_max_delete_percent

        def may_go(paths: Collection[str]) -> bool:
            is_small = len(paths) < FEW or len(paths) * 100 <= percent * row.files
            is_ours = bool(row.token) and is_small
            return not paths or allow_deletions or is_ours or row.allowed == _digest(paths)

        def guard(paths: Collection[str]) -> None:
            own = taken_down.own_files(paths) if row.token else set[str]()
            rest = [path for path in paths if path not in own]
            if may_go(rest):
                return
            part = taken_down.part_of(self.site.folder, self.site.changes, row.token)
            rest = [path for path in rest if path not in part.removed]
            if not may_go(rest):
                takedowns = TreeChanges(part.files, part.removed | own)
                raise HeldError(_why_held(row, len(rest), percent), rest, takedowns)

        return guard

    def _let_through(self, holding: Holding, takedowns: TreeChanges) -> None:
        """Bring what takedowns ask for, and nothing else. The target stays behind as a whole; what
        fails here is tried again with the rest."""
        if not (takedowns.files or takedowns.removed):
            return
        site = Site(self.site.folder, takedowns)
        try:
            sent = self.target.send(site, holding, _only(takedowns.removed))
        except (GhostError, OSError) as error:
            logger.warning("%s keeps what was taken down: %s", self.row.target, error)
        else:
            self.row.commit, self.row.files = sent.commit or self.row.commit, sent.files


def _only(allowed: Collection[str]) -> Guard:
    """What lets these deletions pass and no other."""

    def guard(paths: Collection[str]) -> None:
        if rest := set(paths).difference(allowed):
            raise HeldError(reasons.STRANGE_FILES(number=len(rest)), rest)

    return guard


def _digest(paths: Collection[str]) -> str:
    return hashlib.sha256("\n".join(sorted(paths)).encode(errors="replace")).hexdigest()


def _why_held(row: Deployment, gone: int, percent: int) -> Reason:
    if row.token:
        return reasons.MANY_DELETIONS(number=gone, total=row.files, percent=percent)
    return reasons.STRANGE_FILES(number=gone)


@contextmanager
def only_deployer() -> Iterator[bool]:
    """Whether no other process of this machine deploys; the lock ends with its process."""
    file = targets.state_folder() / "lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _clean(text: str) -> str:
    """Without the machine's paths, which no operator of another machine needs to see."""
    for path, shown in ((targets.state_folder().parent, "<work>"), (BASE_DIR, "<ghost>")):
        text = text.replace(str(path), shown)
    return text
