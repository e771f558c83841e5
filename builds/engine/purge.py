"""What was taken down, and hashes that were blocked, leave the states of the site that are kept.

Those states are for rollbacks, which refuse them by then, and for targets that are behind: these are
waited for, but not for ever. Notes of what had to leave go once no state that is kept is older.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from itertools import takewhile
from pathlib import Path

from django.db import models
from django.utils import timezone

from builds import deploy
from builds.deploy import repositories
from builds.engine.rollback import LastTakedown
from builds.models import Build, BuildState, Deployment
from builds.tree import merge_lock, patches, releases
from ghost.core.catalog.models import Catalog, Removal
from resources.models import Block, TextHash

TARGETS_AWAITED = timedelta(days=1)
"""So long targets that are behind are waited for: kept states tell them what named a takedown."""

logger = logging.getLogger(__name__)


def is_due() -> bool:
    """Whether something is off the site that kept states may still show, and nothing needs them."""
    state, urgent = BuildState.get(), Catalog.get().urgent_revision
    if not state.purged_revision < urgent <= state.removed_revision:
        return False
    return not Build.objects.is_under_way() and (_are_targets_current() or _is_long_ago())


def run() -> int:
    """Remove kept states from before the last takedown, and what git keeps of them; how many states
    that were. Safe to run twice, and beside builds and rollbacks, which use none of them."""
    if not is_due():
        return 0
    last = LastTakedown.get()
    with merge_lock.held():
        purged = sum(_purge(folder, last) for folder in releases.complete())
    if repositories.purge():
        rows = BuildState.objects.filter(pk=1, purged_revision__lt=last.revision)
        rows.update(purged_revision=last.revision)
    forget_known()
    logger.info("kept states without what was taken down: %s removed", purged)
    return purged


def forget_known() -> None:
    """Drop notes of what had to leave before the oldest state that may be shown again, or that a
    target holds."""
    is_any = Removal.objects.exists() or TextHash.objects.gone().exists()
    oldest = _oldest_revision() if is_any else None
    if oldest is not None:
        Removal.objects.forget(oldest)
        TextHash.objects.forget(oldest)


def _are_targets_current() -> bool:
    return all(row.is_current for row in deploy.rows() if row.token)


def _is_long_ago() -> bool:
    latest = Block.objects.aggregate(at=models.Max("created_at"))["at"]
    return latest is None or latest < timezone.now() - TARGETS_AWAITED


def _purge(folder: Path, last: LastTakedown) -> int:
    """How many states of a release were removed. Of the public one only those that it had before:
    it is clean itself."""
    builds = Build.objects.filter(token__in=list(_tokens(folder))).exclude(token="")
    clean = {build.token for build in builds if not last.is_after(build)}
    if folder != releases.current() and releases.token_of(folder) not in clean:
        releases.remove(folder)
        return 1
    kept = list(takewhile(lambda patch: patch.base in clean, patches.undoable(folder)))
    return patches.keep_only(folder, kept)


def _oldest_revision() -> int | None:
    """None while a target holds a state that nobody knows."""
    tokens = {token for folder in releases.complete() for token in _tokens(folder)}
    builds = Build.objects.exclude(token="").exclude(revision=None)
    behind = {row.token for row in _behind()}
    known = dict(builds.filter(token__in=tokens | behind).values_list("token", "revision"))
    if behind.difference(known):
        return None
    revisions = [revision or 0 for revision in known.values()]
    return min([*revisions, BuildState.get().removed_revision])


def _tokens(folder: Path) -> Iterator[str]:
    yield releases.token_of(folder)
    for patch in patches.undoable(folder):
        yield patch.base


def _behind() -> list[Deployment]:
    return [row for row in deploy.rows() if row.token and not row.is_current]
