"""Requests for a build, the same from the API, the admin and the commands."""

from __future__ import annotations

from builds import reasons, tasks
from builds.models import BuildState, Extent
from ghost.core.audit import trail
from ghost.core.catalog.models import Catalog
from ghost.core.heartbeats import workers
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind
from ghost.core.text.reasons import Reason, words
from teams.models import Token


def request_build(
    by: str,
    *,
    reason: str = "",
    extent: Extent = Extent.CHANGES,
    now: bool = True,
    token: Token | None = None,
) -> BuildState:
    """Mark the site as out of date, write to the audit trail who asked, and queue the build.

    Until a build has ended well the catalog is ahead of the site, so the schedules build what
    changed if this build is lost; a request for more that finds a build under way is postponed
    until that has ended. `reason` is what operators read meanwhile. Without `now` it is built as
    any change is. `token` is the one that asks, if one does: RevokedError if it isn't usable any
    more. The state; its `task_id` is that of the queued build, or empty, and its `notes` say
    if no worker is alive.
    """
    why = words(reason) or reasons.ASKED_FOR(name=by)
    with token.turn() if token else Catalog.turn():
        BuildState.postpone(extent, by, is_queued=True)
        state = note_request(why, extent, reason=reason, now=now, is_announced=not now)
    state.task_id = _queue(by, extent) if now else ""
    state.notes = workers.notes(workers.BUILD_WAITS)
    return state


def note_request(
    why: Reason,
    extent: Extent,
    *,
    reason: str = "",
    now: bool = False,
    is_announced: bool = False,
) -> BuildState:
    """Mark the site as out of date and write to the audit trail who asked; the state. For who
    builds it himself, nothing is queued. Call it in `Catalog.turn`."""
    Catalog.advance(why, is_announced=is_announced)
    state = BuildState.get()
    trail.record(
        "build.trigger", state, None, {"reason": reason, "extent": str(extent), "now": now}
    )
    return state


def _queue(by: str, extent: Extent) -> str:
    if extent == Extent.VERIFICATION:
        return queue.enqueue(tasks.verify_site, by, kind=JobKind.BUILD)
    is_full = extent == Extent.EVERYTHING
    return queue.enqueue(tasks.build_now, by, is_full, kind=JobKind.BUILD)
