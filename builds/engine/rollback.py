"""Back to an earlier state of the public site, which then waits for an operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import models
from django.utils import timezone

from builds import reasons
from builds.models import Build, BuildState, Step
from builds.run import reason_of
from builds.tree import merge_lock, patches, releases
from builds.tree.patches import Patch
from ghost.core.catalog.models import Catalog
from ghost.core.errors import RefusedError
from ghost.core.text.reasons import Reason
from resources.models import Block, Resource


@dataclass(frozen=True)
class LastTakedown:
    """When something was last taken down: no state from before that may come back."""

    at: datetime | None
    revision: int

    @classmethod
    def get(cls) -> LastTakedown:
        """As it is now. Rows may be deleted since; a revision and the blocks outlive them."""
        latest = (
            Resource.objects.taken_down().aggregate(at=models.Max("takedown_at"))["at"],
            Block.objects.of_takedowns().aggregate(at=models.Max("created_at"))["at"],
        )
        return cls(max(filter(None, latest), default=None), Catalog.get().urgent_revision)

    def is_after(self, build: Build) -> bool:
        """Whether the state that this build made shows what is taken down now."""
        is_later = self.at is not None and self.at >= build.started_at
        return is_later or self.revision > (build.revision or 0)


@dataclass(frozen=True)
class Point:
    """A state that can be restored: the build that made it, its release, what to undo there."""

    build: Build
    folder: Path
    reverted: list[Patch]
    """The latest first."""

    @property
    def files(self) -> int | None:
        """How many files the way there changes; None if it is another site altogether."""
        if self.folder != releases.current():
            return None
        return len({path for patch in self.reverted for path in (*patch.files, *patch.removed)})

    @property
    def taken_down(self) -> int:
        """How many resources were taken down since: unless none was, the site can't be put back."""
        since = self.build.started_at
        gone = Resource.objects.taken_down().filter(takedown_at__gte=since).count()
        return gone or int(LastTakedown.get().is_after(self.build))

    def require_clean(self) -> None:
        """RefusedError if something that was taken down would come back."""
        if gone := self.taken_down:
            raise RefusedError(reasons.TAKEN_DOWN_SINCE(number=gone))


def points() -> list[Point]:
    """Every state but the present one, the latest first."""
    steps: dict[str, tuple[Path, list[Patch]]] = {}
    for folder in releases.complete():
        token, reverted = releases.token_of(folder), list[Patch]()
        steps[token] = (folder, [])
        for patch in patches.undoable(folder):
            reverted, token = [*reverted, patch], patch.base
            steps[token] = (folder, reverted)
    steps.pop(releases.token_of(releases.current()), None)
    made = _makers().filter(token__in=[token for token in steps if token])
    found = [Point(build, *steps[build.token]) for build in made]
    return sorted(found, key=lambda point: -point.build.pk)


def clean_points() -> list[Point]:
    """Those where nothing would come back that was taken down: `require_clean` lets them pass."""
    last = LastTakedown.get()
    return [point for point in points() if not last.is_after(point.build)]


def to(build_id: int | None, by: str) -> Build:
    """Restore the site as that build made it (None: the one before the present); the row of
    what was done.

    The site then stays as it is until an operator builds again, or something is taken down.
    RefusedError if that state is not kept any more, if something it shows was taken down since,
    or while a build runs.
    """
    build = Build.objects.claim(by, back_to=build_id)
    if build is None:
        raise RefusedError(reasons.BUILD_RUNNING())
    try:
        patches.finish_interrupted(BuildState.get().token)
        found = point(build_id)
        found.require_clean()
    except BaseException:  # nothing was done, so nothing is to be told
        build.delete()
        raise
    build.back_to, files = found.build.pk, found.files
    build.save(update_fields=["back_to"])
    step = Step.objects.create(build=build, name="rollback")
    try:
        _restore(found)
    except BaseException as error:  # a time-out too: the build's row must end
        _end(step, is_ok=False)
        BuildState.fail(build, reason_of(error))
        raise
    _end(step, is_ok=True)
    _note(build, found, files)
    return build


def point(build_id: int | None = None) -> Point:
    """The state that this build made or found, or else the one before the present. RefusedError
    if it is not kept, or is the present one."""
    if build_id is None:
        now = present()
        found = [each for each in points() if now is None or each.build.pk < now.pk]
    else:
        tokens = Build.objects.filter(pk=build_id).exclude(token="").values_list("token", flat=True)
        found = [each for each in points() if each.build.token in set(tokens)]
    if not found:
        raise RefusedError(_why_not(build_id))
    return found[0]


def present() -> Build | None:
    """The build that made the public site as it is now; None if that is not known."""
    token = releases.token_of(releases.current())
    return _makers().filter(token=token).first() if token else None


def _makers() -> models.QuerySet[Build]:
    """Builds that made a state of the site: each state has one."""
    return Build.objects.filter(state=Build.State.DONE, back_to=None)


def _why_not(build_id: int | None) -> Reason:
    now = present()
    if build_id is None:
        return reasons.NO_EARLIER_STATE()
    if now and Build.objects.filter(pk=build_id, token=now.token).exists():
        return reasons.STATE_PRESENT()
    return reasons.STATE_NOT_KEPT()


def _restore(to: Point) -> None:
    # The tables tell of another tree; and if we die on the way, the site is to be built. What was
    # withdrawn since comes back, and is to be taken off again: by us, or by whoever looks.
    rows = BuildState.objects.filter(pk=1)
    with merge_lock.held():
        rows.update(token="", built_revision=-1, removed_revision=to.build.revision or 0)
        for patch in to.reverted:
            patches.revert(patches.folder_of(to.folder, patch), patch)
        releases.swap_to(to.folder)


def _end(step: Step, *, is_ok: bool) -> None:
    step.ended_at, step.is_ok = timezone.now(), is_ok
    step.save()


def _note(build: Build, to: Point, changed: int | None) -> None:
    for name in ("resources", "pages", "files", "bytes", "token"):
        setattr(build, name, getattr(to.build, name))
    build.release, build.changed = to.folder.name, changed or to.build.files or 0
    BuildState.roll_back(build, to.build.revision)
