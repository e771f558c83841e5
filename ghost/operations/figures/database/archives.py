"""The backups: how old the last one is, whether it was proven, and whether it lies at the second place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from ghost.core.text.reasons import NONE, Reason
from ghost.operations.backups import second_place
from ghost.operations.backups.models import Backup
from ghost.operations.figures import sentences
from ghost.operations.figures.item import MAX_ROWS, Item, Moment, Status
from ghost.operations.figures.queue import timetable

SCHEDULE, PROOF = "back up", "prove a backup"
GRACE = timedelta(hours=1)
"""Beyond the time of the schedule: a backup waits for its turn, and takes its time."""
PROOF_GRACE = timedelta(days=1)
"""The same for a proof, which is worth less haste."""
COPY_TRIES = 3
"""A second place that was away for a moment calls nobody."""

_Judged = tuple[Status, Reason, Reason, Reason, datetime | None]


def item(moment: Moment) -> Item:
    """Bad, if the last try failed or none came in time, if the newest could not be restored or none was
    tried in time, or if copies don't get to the second place."""
    found = list(Backup.objects.standing().full().newest_first(moment.now)[:MAX_ROWS])
    entries = {entry.name: entry for entry in moment.once(timetable.at)}
    status, reason, advice, error, since = _made(found, entries.get(SCHEDULE), moment)
    if status == Status.OK:
        judged = _proven(found, entries.get(PROOF), moment) or _copied(found)
        status, reason, advice, error, since = judged or (status, reason, advice, error, since)
    told = Item("backups", status, reason, advice, last_error=error, since=since)
    return replace(told, counts=_counts(found, moment), rows=[_plain(row) for row in found])


def _made(found: Sequence[Backup], entry: timetable.Entry | None, moment: Moment) -> _Judged:
    newest = _newest(found, moment)
    made_at = newest.created_at if newest else None
    ended_at = entry.run.ended_at if entry and entry.run else None
    if entry and entry.has_failed and ended_at and (made_at is None or made_at < ended_at):
        error, advice = entry.last_error, sentences.BACK_UP_NOW()
        return Status.DEGRADED, sentences.BACKUP_FAILED(), advice, error, ended_at
    if _rests(entry):
        return Status.OK, sentences.BACKUPS_PAUSED(), NONE, NONE, made_at
    heard_at = max(filter(None, (made_at, _expected_since(entry))), default=None)
    if heard_at and moment.now > _due_after(heard_at, entry) + GRACE:
        return Status.DEGRADED, sentences.BACKUP_OVERDUE(), sentences.BACK_UP_NOW(), NONE, heard_at
    if newest is None:
        return Status.UNKNOWN, sentences.NO_BACKUP_YET(), NONE, NONE, None
    return Status.OK, sentences.BACKED_UP(name=newest.name), NONE, NONE, made_at


def _newest(found: Sequence[Backup], moment: Moment) -> Backup | None:
    """The first, unless all are from the future: these tell nothing of what was made in time."""
    return found[0] if found and found[0].created_at <= moment.now else None


def _proven(
    found: Sequence[Backup], entry: timetable.Entry | None, moment: Moment
) -> _Judged | None:
    """What is wrong with the proof; None if nothing is, or nobody can tell here."""
    tried = max((row for row in found if row.proven_at), key=_proven_at, default=None)
    advice = sentences.PROVE_NOW()
    if tried and tried.is_proven is False:
        told = sentences.BACKUP_UNPROVEN(name=tried.name)
        return Status.DEGRADED, told, advice, tried.proof, tried.proven_at
    if _rests(entry) or not any(map(_is_readable, found)):
        return None
    tried_at = tried.proven_at if tried else None
    heard_at = max(filter(None, (tried_at, _expected_since(entry))), default=None)
    if heard_at and moment.now > _due_after(heard_at, entry) + PROOF_GRACE:
        error = entry.last_error if entry else NONE
        return Status.DEGRADED, sentences.PROOF_OVERDUE(), advice, error, heard_at
    return None


def _copied(found: Sequence[Backup]) -> _Judged | None:
    """What is wrong with the second place; None if nothing is, or there is none."""
    to = second_place.address()
    failing = [row for row in found if row.copied_to != to and row.copy_tries >= COPY_TRIES]
    if not to or not failing:
        return None
    error, told = failing[0].copy_error, sentences.COPY_FAILING()
    return Status.DEGRADED, told, sentences.MEND_SECOND_PLACE(), error, failing[-1].created_at


def _rests(entry: timetable.Entry | None) -> bool:
    return not settings.GHOST.enable_scheduler or bool(entry and entry.is_paused)


def _expected_since(entry: timetable.Entry | None) -> datetime | None:
    return entry.run.expected_since if entry and entry.run else None


def _is_readable(row: Backup) -> bool:
    return not row.is_encrypted or settings.GHOST.age_identity_file is not None


def _proven_at(row: Backup) -> datetime:
    return row.proven_at or row.created_at


def _due_after(heard_at: datetime, entry: timetable.Entry | None) -> datetime:
    """When the schedule should run next; at once, if there is none."""
    task = entry.task if entry else None
    return task.after(heard_at) if task else heard_at


def _counts(found: Sequence[Backup], moment: Moment) -> dict[str, Any]:
    counts: dict[str, Any] = {"kept": len(found)}
    if newest := _newest(found, moment):
        counts |= {
            "last_bytes": newest.bytes,
            "age_s": round((moment.now - newest.created_at).total_seconds()),
        }
    read = [row.read_at for row in found if row.read_at]
    proven = [row for row in found if row.proven_at]
    if read:
        counts["verified_age_s"] = round((moment.now - max(read)).total_seconds())
    if proven:
        last = max(proven, key=_proven_at)
        counts["proven_age_s"] = round((moment.now - _proven_at(last)).total_seconds())
        counts["is_proven"] = int(bool(last.is_proven))
        counts["proven_rows"] = last.rows or 0
    if to := second_place.address():
        counts["uncopied"] = sum(row.copied_to != to for row in found)
    return counts


def _plain(row: Backup) -> dict[str, Any]:
    return {
        "name": row.name,
        "host": row.host,
        "created_at": row.created_at,
        "bytes": row.bytes,
        "is_encrypted": row.is_encrypted,
        "read_at": row.read_at,
        "proven_at": row.proven_at,
        "is_proven": row.is_proven,
        "copied_at": row.copied_at,
    }
