"""The git backup: whether the last one went well, and how old it is."""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings

from ghost.operations.figures import sentences
from ghost.operations.figures.item import Item, Moment, Status
from ghost.operations.git_backup.models import GitBackup

NAME = "git_backup"
COMMIT_CHARS = 10


def item(moment: Moment) -> Item:
    """Bad, if the last one failed, a push that did not arrive included. That none came in time is told of the
    schedule."""
    if not settings.GHOST.git_backup_enabled:
        return Item(NAME, Status.OK, sentences.GIT_BACKUP_OFF())
    row = GitBackup.get()
    return replace(_judged(row), counts=_counts(row, moment))


def _judged(row: GitBackup) -> Item:
    if row.error:
        return Item(
            NAME, Status.DEGRADED, sentences.GIT_BACKUP_FAILED(), sentences.MEND_GIT_BACKUP(),
            last_error=row.error, since=row.failing_since,
        )  # fmt: skip
    if row.done_at is None:
        return Item(NAME, Status.UNKNOWN, sentences.NO_GIT_BACKUP_YET())
    told = sentences.GIT_BACKED_UP if row.is_pushed else sentences.GIT_COMMITTED
    return Item(NAME, Status.OK, told(commit=row.commit[:COMMIT_CHARS]), since=row.done_at)


def _counts(row: GitBackup, moment: Moment) -> dict[str, int]:
    if row.done_at is None:
        return {}
    age_s = round((moment.now - row.done_at).total_seconds())
    return {"age_s": age_s, "resources": row.resources, "is_pushed": int(row.is_pushed)}
