"""Back to an earlier state of the public site, which then waits for an operator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from builds import deltas, release
from builds.deltas import Plan
from builds.models import Build, BuildState, Step
from ghost.errors import RefusedError
from resources.models import Resource


@dataclass(frozen=True)
class Point:
    """A state that can be restored: the build that made it, its release, what to undo there."""

    build: Build
    folder: Path
    undone: list[Plan]
    """The latest first."""


def points() -> list[Point]:
    """Every state but the present one, the latest first."""
    steps: dict[str, tuple[Path, list[Plan]]] = {}
    for folder in release.whole():
        token, undone = release.token_of(folder), list[Plan]()
        steps[token] = (folder, [])
        for plan in reversed(deltas.plans(folder)):
            if plan.token != token:  # an older chain, broken off
                break
            undone, token = [*undone, plan], plan.base
            steps[token] = (folder, undone)
    steps.pop(release.token_of(release.current()), None)
    builds = Build.objects.filter(token__in=[token for token in steps if token], state="done")
    newest = {build.token: build for build in builds.order_by("id")}
    found = [Point(build, *steps[token]) for token, build in newest.items()]
    return sorted(found, key=lambda point: -point.build.pk)


def to(build_id: int | None, by: str) -> Build:
    """Restore the site as that build made it (None: the one before the present); the row of
    what was done.

    The site then stays as it is until an operator builds again, or something is taken down.
    RefusedError if that state is not kept any more, if something it shows was taken down since,
    or while a build runs.
    """
    point = _point(build_id)
    build = Build.objects.claim(f"{by}: back to #{point.build.pk}")
    if build is None:
        raise RefusedError(_("A build is under way; try again when it has ended."))
    try:
        _require_clean(point)
        _restore(point)
    except BaseException as error:
        build.fail(str(error))
        raise
    _note(build, point)
    return build


def _point(build_id: int | None) -> Point:
    for point in points():
        if build_id in (None, point.build.pk):
            return point
    raise RefusedError(_("That state of the site is not kept any more."))


def _require_clean(point: Point) -> None:
    """Nothing that was taken down may come back."""
    gone = Resource.objects.taken_down().filter(takedown_at__gte=point.build.started_at).count()
    if gone:
        told = _("%(count)d resources were taken down since then: build the site instead.")
        raise RefusedError(told % {"count": gone})


def _restore(point: Point) -> None:
    BuildState.objects.filter(pk=1).update(token="")  # the tables tell of another tree
    for plan in point.undone:
        deltas.undo(deltas.folder_of(point.folder, plan), plan)
    release.swap_to(point.folder)


def _note(build: Build, point: Point) -> None:
    state = BuildState.get()
    build.resources, build.pages, build.files = (
        point.build.resources, point.build.pages, point.build.files,
    )  # fmt: skip
    build.bytes, build.release, build.token = (
        point.build.bytes, point.folder.name, point.build.token,
    )  # fmt: skip
    with transaction.atomic():
        now = timezone.now()
        Step.objects.create(build=build, name="rollback", ended_at=now, is_ok=True)
        build.end_rollback()
        state.hold(f"#{point.build.pk}")
