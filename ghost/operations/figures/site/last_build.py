"""The build: whether the last one went well, and whether what changed gets built."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings

from builds.models import Build, BuildState
from ghost.core.catalog.models import Catalog
from ghost.core.heartbeats.models import Heartbeat
from ghost.core.text.reasons import NONE, Reason
from ghost.operations.figures import sentences
from ghost.operations.figures.item import Item, Moment, Status

NAME = "build"
GRACE = timedelta(minutes=15)
"""Beyond GHOST_BUILD_INTERVAL_MIN, in which what is pending is built at the latest."""
LONGEST = timedelta(hours=2)
"""The queue ends a build after an hour: one that is at it for longer hangs."""


@dataclass(frozen=True)
class _Look:
    """The rows that tell how builds stand."""

    state: BuildState | None
    catalog: Catalog | None
    newest: Build | None

    @property
    def is_pending(self) -> bool:
        built = self.state.built_revision if self.state else -1
        return (self.catalog.revision if self.catalog else 0) > built

    @property
    def error(self) -> Reason:
        """Of the last build; one whose builder died left it in its own row alone."""
        if self.newest and self.newest.state == Build.State.FAILED and self.newest.error:
            return self.newest.error
        return self.state.last_error if self.state else NONE

    def waiting_since(self) -> datetime | None:
        """Since when at least something has been pending and nobody built."""
        moments = [self.catalog.changed_at] if self.catalog else []
        if self.newest:
            moments.append(self.newest.ended_at or self.newest.started_at)
        else:
            first = Heartbeat.objects.order_by("started_at").first()
            moments += [first.started_at] if first else []
            if first is None:  # nothing has run here: nobody can be late
                return None
        return max(moments)


def item(moment: Moment) -> Item:
    """Bad after a failure, and where changes wait for a build that does not come."""
    look = _Look(
        BuildState.objects.defer("taxonomy").filter(pk=1).first(),
        Catalog.objects.filter(pk=1).first(),
        Build.objects.defer("set_aside").first(),
    )
    return replace(_judged(look, moment), counts=_counts(look), last_error=look.error)


def _judged(look: _Look, moment: Moment) -> Item:
    state, newest = look.state, look.newest
    if look.error:
        since = newest.ended_at if newest else None
        return _bad(sentences.BUILD_FAILED(), sentences.READ_BUILD(), since)
    if newest and newest.state == Build.State.RUNNING:
        if moment.now - newest.started_at > LONGEST:
            return _bad(sentences.BUILD_LONG(), sentences.READ_BUILD(), newest.started_at)
        return Item(NAME, Status.OK, sentences.BUILDING(), since=newest.started_at)
    if not look.is_pending:
        since = state.last_build_at if state else None
        return Item(NAME, Status.OK, sentences.BUILT(), since=since)
    if state and state.held_at:
        return _bad(sentences.BUILD_HELD(), sentences.RELEASE_HOLD(), None)
    since = look.waiting_since()
    if settings.GHOST.enable_scheduler and since and moment.now - since > _patience():
        return _bad(sentences.BUILD_OVERDUE(), sentences.BUILD_NOW(), since)
    if newest is None:
        return Item(NAME, Status.UNKNOWN, sentences.NEVER_BUILT())
    return Item(NAME, Status.OK, sentences.TO_BUILD(), since=since)


def _bad(reason: Reason, advice: Reason, since: datetime | None) -> Item:
    return Item(NAME, Status.DEGRADED, reason, advice, since=since)


def _patience() -> timedelta:
    return timedelta(minutes=settings.GHOST.build_interval_min) + GRACE


def _counts(look: _Look) -> dict[str, int | float]:
    state = look.state
    return {
        "pending": int(look.is_pending),
        "pages": state.pages if state else 0,
        "files": state.files if state else 0,
        "bytes": state.bytes if state else 0,
    }
