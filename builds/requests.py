"""Requests for a build, the same from the API, the admin and the commands."""

from __future__ import annotations

from enum import StrEnum

from builds import reasons, tasks
from builds.models import BuildState
from ghost.core.audit import trail
from ghost.core.catalog.models import Catalog
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind
from ghost.core.text.reasons import words
from teams.models import Token


class Extent(StrEnum):
    """What a requested build looks at."""

    CHANGES = "changes"
    EVERYTHING = "everything"
    VERIFICATION = "verification"


def request_build(
    by: str,
    *,
    reason: str = "",
    extent: Extent = Extent.CHANGES,
    now: bool = True,
    token: Token | None = None,
) -> BuildState:
    """Mark the site as out of date, write to the audit trail who asked, and queue the build.

    Until a build has ended well the request stays pending, so the schedules take it up if this
    build is lost. `reason` is what operators read meanwhile. Without `now` no build is queued.
    `token` is the one that asks, if one does: RevokedError if it isn't usable any more. The state;
    its `task_id` is that of the queued build, or empty.
    """
    shown = words(reason) or reasons.ASKED_FOR(name=by)
    with token.turn() if token else Catalog.turn():
        Catalog.advance(shown)
        state = BuildState.get()
        asked = {"reason": reason, "extent": str(extent), "now": now}
        trail.record("build.trigger", state, None, asked)
    state.task_id = _queue(by, extent) if now else ""
    return state


def _queue(by: str, extent: Extent) -> str:
    if extent == Extent.VERIFICATION:
        return queue.enqueue(tasks.verify_site, by, kind=JobKind.BUILD)
    is_full = extent == Extent.EVERYTHING
    return queue.enqueue(tasks.build_now, by, is_full, kind=JobKind.BUILD)
