"""When a git backup is made besides its schedule: something was taken down, or the last one failed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from ghost.core import circuits
from ghost.core.circuits import Kind
from ghost.core.jobs import queue
from ghost.core.jobs.entries import QueueEntry
from ghost.core.jobs.models import JobKind
from ghost.operations.git_backup.folder import remote_address
from ghost.operations.git_backup.models import GitBackup
from resources.models import Block

TASK = "ghost.operations.tasks.back_up_to_git"
SCHEDULE = "back up to git"
AGAIN_AFTER = timedelta(minutes=1)
"""A failed one is tried again then; after some failures the remote's circuit makes the pauses longer."""


def ask() -> None:
    """By the watch: queue one if that is due, and none waits or runs."""
    if settings.GHOST.git_backup_enabled and is_due() and not _is_queued():
        queue.enqueue(TASK, kind=JobKind.OTHER, group=SCHEDULE)


def is_due() -> bool:
    """Whether one is due now. Takedowns go out without the scheduler, too."""
    row, is_on = GitBackup.get(), settings.GHOST.enable_scheduler
    if row.began_at is None:
        return is_on
    if _rests():
        return False
    if row.as_of and _takedowns_since(row.as_of):
        return _takedowns_since(row.began_at) or _is_over(row)
    return is_on and bool(row.error) and _is_over(row)


def _takedowns_since(moment: datetime) -> bool:
    return Block.objects.of_takedowns().filter(created_at__gte=moment).exists()


def _is_over(row: GitBackup) -> bool:
    """Whether the pause after the last try is over."""
    return row.ended_at is not None and timezone.now() - row.ended_at >= AGAIN_AFTER


def _rests() -> bool:
    address = remote_address()
    return bool(address) and circuits.is_open(Kind.GIT_BACKUP, address)


def _is_queued() -> bool:
    return QueueEntry.objects.filter(func=TASK).exists()
