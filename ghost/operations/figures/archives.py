"""The backups: how old the last one is, and whether the last try went well."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from ghost.core.errors import OutageError
from ghost.core.io.disk_look import DiskLook
from ghost.core.text.reasons import NONE, Reason
from ghost.operations import backups
from ghost.operations.figures import sentences, timetable
from ghost.operations.figures.item import Item, Moment, Status

SCHEDULE = "back up"
GRACE = timedelta(hours=1)
"""Beyond GHOST_BACKUP_INTERVAL_HR: a backup waits for its turn, and takes its time."""


_look = DiskLook(lambda: backups.list_all())


def item(moment: Moment) -> Item:
    """Bad, if the last try failed or none came in time. Of PostgreSQL Ghost makes none."""
    if settings.GHOST.database_url:
        return Item("backups", Status.UNKNOWN, sentences.NOT_OURS())
    entry = next((e for e in timetable.entries() if e.name == SCHEDULE), None)
    try:
        found = _look.take()
    except (OSError, OutageError):
        return Item(
            "backups", Status.DEGRADED, sentences.FOLDER_UNREADABLE(), sentences.BACK_UP_NOW()
        )
    newest = found[0] if found else None
    status, reason, advice, error, since = _judge(newest, entry, moment)
    return Item(
        "backups", status, reason, advice,
        counts=_counts(found, moment), last_error=error, since=since,
    )  # fmt: skip


_Judged = tuple[Status, Reason, Reason, Reason, datetime | None]


def _judge(
    newest: backups.Archive | None, entry: timetable.Entry | None, moment: Moment
) -> _Judged:
    made_at = newest.created_at if newest else None
    ended_at = entry.run.ended_at if entry and entry.run else None
    if entry and entry.has_failed and ended_at and (made_at is None or made_at < ended_at):
        return (
            Status.DEGRADED,
            sentences.BACKUP_FAILED(),
            sentences.BACK_UP_NOW(),
            entry.last_error,
            ended_at,
        )
    if not settings.GHOST.enable_scheduler or (entry and entry.is_paused):
        return Status.OK, sentences.BACKUPS_PAUSED(), NONE, NONE, made_at
    expected_since = entry.run.expected_since if entry and entry.run else None
    heard_at = max(filter(None, (made_at, expected_since)), default=None)
    if heard_at and moment.now - heard_at > _period() + GRACE:
        return Status.DEGRADED, sentences.BACKUP_OVERDUE(), sentences.BACK_UP_NOW(), NONE, heard_at
    if newest is None:
        return Status.UNKNOWN, sentences.NO_BACKUP_YET(), NONE, NONE, None
    return Status.OK, sentences.BACKED_UP(name=newest.path.name), NONE, NONE, made_at


def _period() -> timedelta:
    return timedelta(hours=settings.GHOST.backup_interval_hr)


def _counts(found: list[backups.Archive], moment: Moment) -> dict[str, Any]:
    counts: dict[str, Any] = {"kept": len(found)}
    if found:
        counts |= {
            "last_bytes": found[0].bytes,
            "age_s": round((moment.now - found[0].created_at).total_seconds()),
        }
    proven = [archive.verified_at for archive in found if archive.verified_at]
    if proven:
        counts["verified_age_s"] = round((moment.now - max(proven)).total_seconds())
    return counts
