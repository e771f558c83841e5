"""Requests for a backup or a proof, the same from the API and the admin: a worker does it."""

from __future__ import annotations

from django.db import transaction

from ghost.core.audit import trail
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind
from ghost.core.jobs.task_names import TaskName
from ghost.operations.backups.archive import Kind
from ghost.operations.backups.models import Backup


def request_backup(kind: Kind) -> str:
    """Queue a backup, and write to the audit trail who asked; the id of its task."""
    with transaction.atomic():
        trail.record("backup.create", Backup(name=kind.value), None, {"kind": kind.value})
        return queue.enqueue(TaskName.BACK_UP, kind.value, kind=JobKind.BACKUP)


def request_proof(row: Backup) -> str:
    """Queue the proof of one, and write to the audit trail who asked; the id of its task."""
    with transaction.atomic():
        trail.record("backup.verify", row, None, {"name": row.name})
        return queue.enqueue(TaskName.PROVE_BACKUP, row.name, kind=JobKind.BACKUP)
