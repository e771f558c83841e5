"""What the queue runs: builds, one at a time over all hosts, and none forgotten.

No change is lost: whoever finds the claim taken may go, because the holder looks again after it
gave the claim back, and a change is committed before its task is queued. What a dead or failing
builder left pending is found by the schedules. Each task builds once at most: what changed
meanwhile is a task of its own, so steady changes can't hold a worker past the queue's time-out.

A task returns what came of it as a plain reason: the queue keeps it, and whoever looks reads it in
their language.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from time import monotonic, sleep

from django.conf import settings
from django.utils import timezone

from builds import covers, reasons
from builds.deploy import after_build
from builds.deploy import tasks as deploy_tasks
from builds.engine import pipeline, purge, rollback, takedowns
from builds.models import Build, BuildState, Extent
from builds.run import Listener
from ghost.core.catalog.models import Catalog
from ghost.core.errors import RefusedError
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind
from ghost.core.logs import context
from ghost.core.text.reasons import NOTHING_TO_DO, Plain
from resources.models import Resource

MOST_DEBOUNCES = 10
FORGOTTEN_AFTER = timedelta(minutes=1)
MOST_AT_ONCE = 20
"""Builds that don't wait for quiet, within the time of so many debounces: on the long run a change
every few seconds is gathered as a burst is."""


def build_when_quiet(trigger: str = "change") -> Plain:
    """Build what is pending: at once if all before it is on the site; what came while that was
    built, once the catalog was quiet for GHOST_BUILD_DEBOUNCE_S."""
    state = BuildState.get()
    if state.held_at:
        return reasons.HELD().plain()
    if Build.objects.is_under_way():  # its builder looks again when it ends
        return reasons.BUSY().plain()
    if state.pending_changes and not (_is_first() or _wait_until_quiet()):
        return reasons.WAITING().plain()
    Catalog.heard()  # before the look: a change is seen by it, or wakes somebody else
    if not BuildState.get().pending_changes:
        return NOTHING_TO_DO().plain()
    return _claim_and_build(trigger)


def build_at_once(trigger: str = "takedown") -> Plain:
    """Build what can't wait for quiet: what a takedown left rough. A site that was put back stays
    so: what was taken down is off it already."""
    if BuildState.get().held_at:
        return reasons.HELD().plain()
    return _claim_and_build(trigger)


def build_now(trigger: str = "operator", force: bool = False) -> Plain:  # noqa: FBT001, FBT002  # a task's arguments are plain
    """Build at once, whether or not something changed."""
    return _claim_and_build(trigger, Extent.EVERYTHING if force else Extent.CHANGES)


def carry_out(
    build: Build,
    *,
    force: bool = False,
    verify: bool = False,
    listener: Listener | None = None,
) -> Build:
    """`pipeline.run`, and then the look again: whoever found the claim taken relies on it. What
    this build has not read is queued, even if it failed, for that may be what mends it."""
    with context.within_build(build.pk):
        return _carry_out(build, force=force, verify=verify, listener=listener)


def _carry_out(build: Build, *, force: bool, verify: bool, listener: Listener | None) -> Build:
    is_urgent = Catalog.get().urgent_revision > BuildState.get().built_revision
    extent = _extent(force=force, verify=verify)
    BuildState.postpone(extent, build.trigger, is_queued=True)
    try:
        done = pipeline.run(build, force=force, verify=verify, listener=listener)
        BuildState.forget_postponed(extent)
    finally:
        Catalog.heard()  # who found us at it left the announcement to us
        catalog = Catalog.get()
        if build.revision is not None and catalog.revision > build.revision:
            is_late = catalog.urgent_revision > build.revision
            _queue(build_at_once if is_late else build_when_quiet)
        _queue_postponed()
    after_build.deliver(done, listener, is_urgent=is_urgent)
    return done


def take_removals_off() -> None:
    """For the watch, twice a second: take what was taken down off the site, whatever the workers
    are busy with, and have that deployed."""
    takedowns.take_off_site()
    deploy_tasks.ask_for_removals()


def ask_for_purge() -> None:
    """For the watch: have kept states purged of what is off the site since, if that is due."""
    if purge.is_due() and not queue.is_waiting(purge_kept):
        queue.enqueue(purge_kept, kind=JobKind.OTHER)


def purge_kept() -> Plain:
    """Remove kept states of the site that show what was taken down. What is gone is gone: safe to
    run twice."""
    return reasons.PURGED(number=purge.run()).plain()


def deploy_if_due() -> list[Plain] | Plain:
    """By the clock, every minute: deploy again what failed, without a build."""
    report = after_build.deliver_if_due()
    return report.plain() if report else NOTHING_TO_DO().plain()


def verify_site(trigger: str = "verify") -> Plain:
    """By the clock, every night: compare everything, and mend what is not as it should be. While
    the site waits for an operator, or another build is under way, it is postponed."""
    if BuildState.get().held_at:
        BuildState.postpone(Extent.VERIFICATION, trigger)
        return reasons.POSTPONED_WHILE_HELD().plain()
    return _claim_and_build(trigger, Extent.VERIFICATION)


def roll_back(build_id: int, by: str) -> Plain:
    """Put the site back to the state that a build made; it then waits for an operator."""
    try:
        build = put_back(build_id, by)
    except RefusedError as error:
        return error.reason.plain()
    return reasons.of_build(build.pk, build.state).plain()


def put_back(build_id: int | None, by: str, *, listener: Listener | None = None) -> Build:
    """`rollback.to`, and the same wherever the site is deployed to. What was withdrawn since that
    state, or taken down while we were at it, is taken off again: it came back."""
    try:
        build = rollback.to(build_id, by)
    finally:
        _queue_postponed()
    takedowns.take_off_site()
    after_build.deliver(build, listener)
    return build


def build_if_due() -> Plain:
    """By the clock: build what is pending."""
    note_published()
    if BuildState.get().pending_changes:
        return build_when_quiet("schedule")
    return NOTHING_TO_DO().plain()


def localize_covers() -> Plain:
    """Fetch the covers that are due, for less than a minute; what is left is a task of its own."""
    counts = covers.localize()
    if not counts:
        return reasons.COVERS_BUSY().plain()
    if counts["fetched"] + counts["failed"] and covers.due():
        queue.enqueue(localize_covers, kind=JobKind.COVERS)
    fetched, failed, waiting = (counts[what] for what in ("fetched", "failed", "waiting"))
    return reasons.COVERS(fetched=fetched, failed=failed, waiting=waiting).plain()


def ask_again() -> None:
    """For the watch, every few seconds: queue a build that failed, whose builder died, or that was
    postponed and is lost. Without schedules only what somebody asked for."""
    if _is_due_again() and not queue.is_waiting(build_again) and BuildState.take_try():
        _queue(build_again)


def build_again() -> Plain:
    """Build what a build before this one should have: changes with a takedown first, then what was
    asked for as it was asked for."""
    state = BuildState.get()
    if state.held_at:
        return reasons.HELD().plain()
    is_urgent = Catalog.get().urgent_revision > max(state.built_revision, 0)
    match state.postponed_extent:
        case Extent.EVERYTHING if not is_urgent:
            return build_now(state.postponed_by, force=True)
        case Extent.VERIFICATION if not is_urgent:
            return verify_site(state.postponed_by)
    if state.postponed_extent:  # its turn is after this
        BuildState.postpone(Extent(state.postponed_extent), state.postponed_by)
    if not (state.pending_changes or _died()):
        return NOTHING_TO_DO().plain()
    return _claim_and_build("takedown" if is_urgent else "rescue")


def _is_due_again() -> bool:
    """Whether what failed, died or was postponed is to be asked for now, and nobody builds."""
    if Build.objects.is_under_way():
        return False
    state = BuildState.get()
    is_wanted = settings.GHOST.enable_scheduler or bool(state.postponed_extent)
    if state.held_at or not is_wanted:
        return False
    return _died() if state.next_try_at is None else state.next_try_at <= timezone.now()


def note_published() -> Plain:
    """By the clock, every minute: notice resources whose hour has come, and builds that failed or
    whose builders died."""
    if _is_due_again() and BuildState.take_try():
        return build_again()
    state = BuildState.get()
    if state.pending_changes:
        return build_when_quiet("rescue") if _is_forgotten(state) else NOTHING_TO_DO().plain()
    if state.built_as_of is None:
        return NOTHING_TO_DO().plain()
    rows = Resource.objects.public().filter(published_at__gt=state.built_as_of)
    come = list(rows.values_list("pk", flat=True))
    reason = reasons.CAME_OUT(number=len(come))
    if come:
        Catalog.advance(reason, come)
    return reason.plain()


def _is_forgotten(state: BuildState) -> bool:
    """Whether the task that was to build what is pending seems to be lost: whoever committed the
    change may have died before the task was queued."""
    last = Build.objects.first()
    has_failed = last is not None and last.state == Build.State.FAILED  # others see to that
    is_long_ago = Catalog.get().changed_at < timezone.now() - FORGOTTEN_AFTER
    return is_long_ago and not has_failed and not state.is_waited_for


def _died() -> bool:
    """Whether the last builder was buried and nobody has built since."""
    last = Build.objects.first()
    is_buried = last is not None and last.error == reasons.BUILDER_DIED()
    return is_buried and not Build.objects.running().exists()


def _is_first() -> bool:
    """Whether a change is the first after a time in which all were on the site, and nobody waits
    for those that follow one."""
    within = timedelta(seconds=MOST_AT_ONCE * settings.GHOST.build_debounce_s)
    return not BuildState.get().is_waited_for and Build.objects.is_calm(MOST_AT_ONCE, within)


def _wait_until_quiet() -> bool:
    """False if another task does it: one worker is enough for that."""
    quiet_s: float = settings.GHOST.build_debounce_s
    if not BuildState.start_waiting(MOST_DEBOUNCES * quiet_s + 1):
        return False
    deadline = monotonic() + MOST_DEBOUNCES * quiet_s
    try:
        while (left := _restless_s(quiet_s)) > 0 and monotonic() < deadline:
            sleep(min(left, 1))
    finally:
        BuildState.stop_waiting()
    return True


def _restless_s(quiet_s: float) -> float:
    """Seconds until the catalog was quiet for so long, if nothing changes."""
    since = timezone.now() - Catalog.get().changed_at
    return quiet_s - since.total_seconds()


def _queue(task: Callable[..., object], *args: object) -> None:
    queue.enqueue(task, *args, kind=JobKind.BUILD)


def _queue_postponed() -> None:
    """Queue the request, if there is one, that found a build under way."""
    state = BuildState.get()
    if state.postponed_extent and not Build.objects.is_under_way() and BuildState.take_try():
        if state.postponed_extent == Extent.EVERYTHING:
            _queue(build_now, state.postponed_by, True)  # noqa: FBT003  # a task's arguments are plain
        else:
            _queue(verify_site, state.postponed_by)


def _extent(*, force: bool, verify: bool) -> Extent:
    if force:
        return Extent.EVERYTHING
    return Extent.VERIFICATION if verify else Extent.CHANGES


def _claim_and_build(trigger: str, extent: Extent = Extent.CHANGES) -> Plain:
    build = Build.objects.claim(trigger)
    if build is None:
        BuildState.postpone(extent, trigger)
        build = Build.objects.claim(trigger)  # it may have ended before that
    if build is None:
        is_seen = extent == Extent.CHANGES
        return (reasons.BUSY() if is_seen else reasons.POSTPONED()).plain()
    is_full, is_verification = extent == Extent.EVERYTHING, extent == Extent.VERIFICATION
    carry_out(build, force=is_full, verify=is_verification)
    return reasons.of_build(build.pk, build.state).plain()
