"""One bound: what it holds, for how long, how much is beyond it, and how that is removed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from ghost.core.db import pacing
from ghost.core.text.reasons import NONE, Reason, ReasonCode

Count = Callable[[datetime], int]
"""How many there are of what ended, or was last used, before that moment."""
Rows = Callable[[datetime], models.QuerySet[Any]]
Paths = Callable[[datetime], Iterable[Path]]


class Every(StrEnum):
    """Which schedule removes what is beyond it."""

    DAY = "prune old data"
    HOUR = "drop ended sessions"
    TEN_MINUTES = "prune events"


@dataclass(frozen=True)
class Bound:
    """What one table or folder, or a part of it, may hold."""

    name: str
    """As the API and commands have it; it stays as it is."""
    title: ReasonCode
    where: str
    """The table (`dht.HealthSample`), or the variable of the folder (`GHOST_COVER_DIR`)."""
    keep: Callable[[], timedelta]
    """For how long something stays beyond its end."""
    preview: Count
    """How many would be removed."""
    prune: Count
    """Remove them; how many there were. Safe to do twice, and beside other work."""
    is_by_days: bool = False
    """Whether whoever cleans up by hand may name fewer days."""
    every: Every = Every.DAY

    def before(self, days: int | None = None) -> datetime:
        """What ended before this moment goes."""
        kept = self.keep()
        if self.is_by_days and days is not None:
            kept = min(kept, timedelta(days=days))
        return timezone.now() - kept


@dataclass(frozen=True)
class Outcome:
    """What came of one bound: how many were removed, or would be; `error` if it could not be done."""

    bound: Bound
    number: int
    error: Reason = NONE

    @property
    def name(self) -> str:
        """The bound's."""
        return self.bound.name

    @property
    def title(self) -> Reason:
        """What was removed, in the reader's language."""
        return self.bound.title()

    @property
    def where(self) -> str:
        """The bound's."""
        return self.bound.where

    @property
    def kept_for_s(self) -> int:
        """For how long something stays beyond its end."""
        return int(self.bound.keep().total_seconds())


def keep_days() -> timedelta:
    """GHOST_KEEP_DAYS."""
    return timedelta(days=settings.GHOST.keep_days)


def of_rows(
    name: str,
    title: ReasonCode,
    rows: Rows,
    *,
    keep: Callable[[], timedelta],
    **more: Any,  # noqa: ANN401  # fields of Bound
) -> Bound:
    """A bound of the rows that `rows` finds: they are counted, and deleted a part at a time."""
    return Bound(
        name, title, keep=keep,
        preview=lambda before: rows(before).count(),
        prune=lambda before: pacing.delete(rows(before)), **more,
    )  # fmt: skip


def of_paths(
    name: str,
    title: ReasonCode,
    paths: Paths,
    *,
    keep: Callable[[], timedelta],
    **more: Any,  # noqa: ANN401  # as above
) -> Bound:
    """A bound of the files and folders that `paths` finds."""
    return Bound(
        name, title, keep=keep,
        preview=lambda before: sum(1 for _ in paths(before)),
        prune=lambda before: sum(map(_remove, list(paths(before)))), **more,
    )  # fmt: skip


def _remove(path: Path) -> bool:
    """Whether it is gone; PermissionError and its like are somebody's to see."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except FileNotFoundError:
        return False
    return True
