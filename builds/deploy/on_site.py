"""Which versions of resources readers see by now: on the local site, and wherever it is deployed to.

It is looked at whenever one of these moves, and once more by the clock: a process that died between
the two loses nothing. See docs/decisions/0043.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from builds.deploy import targets
from builds.models import Build, BuildState, Deployment, Output
from builds.tree import releases
from ghost.core.catalog.models import Change
from ghost.core.db import pacing
from ghost.core.db.pacing import PacedWriter
from resources.models import site_versions

FIRST_PART_ROWS = 500
"""That one transaction writes at first; the next ones by how long that took."""


class Moment(NamedTuple):
    """Of the catalog: what a state of the site shows."""

    revision: int
    as_of: datetime


def settle() -> int:
    """Write down what readers see by now, and tell listeners; how many versions came to the site.
    Safe to do at any time, by any number of processes, and again."""
    state = BuildState.get()
    seen = visible(state)
    if seen is None or seen.as_of == state.on_site_as_of:
        return 0
    aside = _set_aside()
    pacing.update(Change.objects.on_site().after(seen.revision), on_site_at=None)  # it was put back
    pacing.update(Change.objects.on_site().filter(pk__in=aside), on_site_at=None)
    site_versions.note_come(seen.revision, after=state.on_site_as_of, until=seen.as_of)
    count = _note_all(seen, aside)
    BuildState.objects.filter(pk=1).update(on_site_as_of=seen.as_of)
    return count


def visible(state: BuildState) -> Moment | None:
    """What readers see at each place of the site, if that is known: the local one and all targets."""
    tokens = [releases.token_of(releases.current())]
    tokens += [Deployment.objects.for_target(each).token for each in targets.configured()]
    found = [moment for token in tokens if (moment := _moment_of(token, state))]
    return min(found) if len(found) == len(tokens) else None


def _moment_of(token: str, state: BuildState) -> Moment | None:
    """Of the state that this token names; None where no row knows it (a restored backup)."""
    if not token:
        return None
    if token == state.token:
        as_of = state.built_as_of
        return Moment(state.built_revision, as_of) if as_of else None
    made = Build.objects.filter(token=token, revision__isnull=False).order_by("-revision").first()
    return Moment(made.revision or 0, made.started_at) if made else None


def _set_aside() -> set[int]:
    """Resources whose page Hugo could not render in some language."""
    owners = Output.objects.set_aside().filter(owner__startswith="entry/")
    return {int(owner.partition("/")[2]) for owner in owners.values_list("owner", flat=True)}


def _note_all(seen: Moment, aside: set[int]) -> int:
    waiting = Change.objects.to_come(seen.revision).order_by("pk").values_list("pk", flat=True)
    keys = [pk for pk in waiting if pk not in aside]
    writer, count = PacedWriter(), 0
    for part in writer.in_parts(keys, FIRST_PART_ROWS):
        with writer.writing():
            count += site_versions.note_on_site(part, revision=seen.revision, as_of=seen.as_of)
    return count
