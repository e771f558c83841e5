"""What the queue runs: builds, one at a time over all hosts, and none forgotten.

No change is lost: whoever finds the claim taken may go, because the holder looks again after it
gave the claim back, and a change is committed before its task is queued. What a dead or failing
builder left pending is found by the schedules. Each task builds once at most: what changed
meanwhile is a task of its own, so steady changes can't hold a worker past the queue's time-out.
"""

from __future__ import annotations

from datetime import timedelta
from time import monotonic, sleep

from django.conf import settings
from django.utils import timezone
from django_q.tasks import async_task

from builds import covers, pipeline
from builds.models import DIED, Build, BuildState
from resources.models import Catalog, Resource

MOST_DEBOUNCES = 10
BUSY = "another build is under way; it will see this change"


def build_when_quiet(trigger: str = "change") -> str:
    """Build what is pending once the catalog was quiet for GHOST_BUILD_DEBOUNCE_S."""
    if BuildState.get().pending_changes:
        _wait_until_quiet()
    Catalog.heard()  # before the look: a change is seen by it, or wakes somebody else
    if not BuildState.get().pending_changes:
        return "nothing to build"
    return _claim_and_build(trigger, force=False)


def build_at_once(trigger: str = "takedown") -> str:
    """Build what can't wait for quiet: a takedown."""
    return _claim_and_build(trigger, force=False)


def build_now(trigger: str = "operator", force: bool = False) -> str:  # noqa: FBT001, FBT002  # a task's arguments are plain
    """Build at once, whether or not something changed."""
    return _claim_and_build(trigger, force=force)


def carry_out(
    build: Build, *, force: bool = False, tell: pipeline.Listener = lambda step: None
) -> Build:
    """`pipeline.run`, and then the look again: whoever found the claim taken relies on it. What
    this build has not read is queued, even if it failed, for that may be what mends it."""
    try:
        return pipeline.run(build, force=force, tell=tell)
    finally:
        if build.revision is not None and Catalog.get().revision > build.revision:
            async_task(build_when_quiet)


def build_if_due() -> str:
    """By the clock: build what is pending, covers that wait for another try included."""
    note_published()
    if BuildState.get().pending_changes:
        return build_when_quiet("schedule")
    if covers.due():
        return build_now("schedule")
    return "nothing to build"


def localize_covers() -> str:
    """Fetch the covers that are due, for less than a minute; what is left is a task of its own."""
    counts = covers.localize()
    if not counts:
        return "another process fetches covers"
    if counts["fetched"] + counts["failed"] and covers.due():
        async_task(localize_covers)
    return ", ".join(f"{count} {what}" for what, count in counts.items())


def note_published() -> str:
    """By the clock, every minute: notice resources whose hour has come, and builders that died."""
    if Build.objects.bury_dead() or _died():
        return build_when_quiet("rescue")
    state = BuildState.get()
    if state.built_as_of is None or state.pending_changes:
        return "nothing to note"
    rows = Resource.objects.public().filter(published_at__gt=state.built_as_of)
    come = list(rows.values_list("pk", flat=True))
    if come:
        Catalog.advance(f"{len(come)} scheduled resources came out", come)
    return f"{len(come)} came out"


def _died() -> bool:
    """Whether the last builder was buried and nobody has built since."""
    last = Build.objects.first()
    return last is not None and last.error == DIED and not Build.objects.running().exists()


def _wait_until_quiet() -> None:
    quiet_s: float = settings.GHOST.build_debounce_s
    deadline = monotonic() + MOST_DEBOUNCES * quiet_s
    while monotonic() < deadline:
        left = Catalog.get().changed_at + timedelta(seconds=quiet_s) - timezone.now()
        if left <= timedelta(0):
            return
        sleep(min(left.total_seconds(), 1))


def _claim_and_build(trigger: str, *, force: bool) -> str:
    build = Build.objects.claim(trigger)
    if build is None:
        return BUSY
    carry_out(build, force=force)
    return f"build {build.pk}: {build.state}"
