"""Covers that are to be fetched from the address that a resource names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind
from ghost.core.jobs.task_names import TaskName
from ghost.core.text.reasons import NONE
from resources.models.fields import ResourceFields

BURST = timedelta(seconds=10)
"""Addresses that come so close together are announced once; the schedule finds the rest."""


def is_other(row: ResourceFields, old: ResourceFields) -> bool:
    """Whether it has another address than the old one; an uploaded cover needs none."""
    is_kept = old.cover_uploaded_at is not None and not row.cover_image_url
    return old.cover_image_url != row.cover_image_url and not is_kept


def ask(row: ResourceFields) -> None:
    """Have the cover at its address fetched, once it is stored."""
    row.cover_image_path, row.cover_error, row.cover_uploaded_at = None, NONE, None
    row.cover_due_at = timezone.now() if row.cover_image_url else None


def announce(rows: Sequence[ResourceFields]) -> None:
    """Wake whoever fetches covers, if one of these rows asks for one; once for a burst."""
    if not settings.GHOST.enable_scheduler or not any(row.cover_due_at for row in rows):
        return
    now = timezone.now()
    burst = type(rows[0])._default_manager.filter(cover_due_at__range=(now - BURST, now))
    if not burst.exclude(pk__in=[row.pk for row in rows if row.pk]).exists():
        # robust: the rows are stored by then, and the schedule finds them
        enqueue = partial(queue.enqueue, TaskName.LOCALIZE_COVERS, kind=JobKind.COVERS)
        transaction.on_commit(enqueue, robust=True)
