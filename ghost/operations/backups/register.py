"""What is done with backups, and written down of each: making, proving, dropping, copying."""

from __future__ import annotations

import logging
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from ghost.core.errors import GhostError, RefusedError
from ghost.core.text.reasons import NOTHING_TO_DO, Reason
from ghost.operations import reasons
from ghost.operations.backups import (
    archive,
    creation,
    databases,
    proof,
    rotation,
    second_place,
    unpacking,
)
from ghost.operations.backups.archive import Archive, Kind
from ghost.operations.backups.models import Backup
from ghost.operations.backups.proof import Proof

log = logging.getLogger(__name__)


def create(kind: Kind = Kind.FULL) -> Archive:
    """Write a new backup and drop the oldest ones beyond what is kept of them.

    RefusedError if the configuration does not allow it; OutageError without room: then nothing is
    dropped. What can't be written down of it, since the database is not migrated yet, is not.
    """
    databases.current().sweep()
    made = creation.write(kind)
    try:
        with transaction.atomic():
            Backup.objects.note(made)
        drop_old()
    except DatabaseError as error:
        log.warning("%s is written, and not noted in the database: %s", made.path.name, error)
    return made


def drop_old() -> list[str]:
    """Drop the files that rotation keeps no more; their names."""
    refresh()
    dropped = []
    for kind in Kind:
        found = [each for each in archive.list_all() if each.kind == kind]
        rows = Backup.objects.in_bulk([each.path.name for each in found], field_name="name")
        candidates = [
            rotation.Candidate(name, row.created_at, bool(row.is_proven))
            for name, row in rows.items()
        ]
        staying = rotation.kept(candidates, rotation.rule(), timezone.now())
        for name in sorted(rows.keys() - staying):
            (settings.GHOST.backup_dir / name).unlink(missing_ok=True)
            rows[name].drop()
            dropped.append(name)
    return dropped


def refresh() -> None:
    """Have the rows agree with the files that lie here."""
    Backup.objects.refresh(archive.list_all())


def is_readable(made: Archive) -> bool:
    """Whether it can be opened here."""
    return not made.is_encrypted or settings.GHOST.age_identity_file is not None


def read_whole(made: Archive) -> int:
    """Read one to its end, and note that; how many files it holds. RefusedError if it is damaged."""
    found = unpacking.read_whole(made.path)
    for row in _rows(made.path):
        row.note_read()
    return len(found.files)


def prove(path: Path) -> Proof:
    """Restore one to where it goes away, count, and note the outcome. RefusedError if it fails."""
    try:
        found = proof.prove(path)
    except RefusedError as error:
        for row in _rows(path):
            row.note_failed_proof(error.reason)
        raise
    for row in _rows(path):
        row.note_proof(found)
    return found


def _rows(path: Path) -> list[Backup]:
    """Of a file that lies where backups do; none where the database has no such table yet."""
    is_here = path.parent.resolve() == settings.GHOST.backup_dir.resolve()
    if not is_here or not archive.is_name(path.name) or not path.is_file():
        return []
    try:
        with transaction.atomic():
            if not Backup.objects.filter(name=path.name).exists():
                Backup.objects.note(archive.of(path))
            return list(Backup.objects.filter(name=path.name))
    except DatabaseError as error:
        log.warning("%s: what came of it is not noted in the database: %s", path.name, error)
        return []


def prove_newest() -> Reason:
    """Prove the newest full backup that lies here and can be opened here; what came of it."""
    found = [each for each in archive.list_all() if each.kind == Kind.FULL]
    if not found:
        return NOTHING_TO_DO()
    readable = [each for each in found if is_readable(each)]
    if not readable:
        return reasons.BACKUP_KEY_ELSEWHERE(name=found[0].path.name)
    return prove(readable[0].path).told()


# -- the second place


def copy_due() -> Reason:
    """Bring what is due to the second place, and remove there what rotation dropped.

    OutageError with the first failure; each is noted with its backup, and tried again later.
    """
    place, to = second_place.place(), second_place.address()
    if place is None:
        return NOTHING_TO_DO()
    refresh()
    brought, failures = _bring_due(place, to)
    failures += _remove_dropped(place)
    if failures:
        raise failures[0]
    return reasons.BACKUP_COPIED(number=brought) if brought else NOTHING_TO_DO()


def _bring_due(place: second_place.Place, to: str) -> tuple[int, list[GhostError]]:
    here = [each.path.name for each in archive.list_all()]
    brought, failures = 0, list[GhostError]()
    for row in Backup.objects.due_to_copy(to).filter(name__in=here):
        try:
            place.bring(settings.GHOST.backup_dir / row.name)
        except GhostError as error:
            row.note_failed_copy(error.reason)
            failures.append(error)
            break  # the others would meet the same; each waits for its own time
        row.note_copied(to)
        brought += 1
    return brought, failures


def _remove_dropped(place: second_place.Place) -> list[GhostError]:
    rows = Backup.objects.exclude(dropped_at=None)
    names = list(rows.values_list("name", flat=True))
    if not names:
        return []
    try:
        place.remove(names)
    except GhostError as error:
        return [error]
    Backup.objects.filter(name__in=names).exclude(dropped_at=None).delete()
    return []
