"""Files that nothing needs any more, and what killed processes left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from builds.covers import files as cover_files
from builds.models import Cover
from ghost.core.db import scratch
from ghost.core.text.reasons import ReasonCode
from ghost.operations.backups import archive
from ghost.operations.retention.bound import Bound, of_paths
from resources.models import findings

A_DAY = timedelta(days=1)
"""Younger ones may be somebody's who is at it."""


def _a_day() -> timedelta:
    return A_DAY


def _left(folder: Path, prefix: str, before: datetime) -> Iterator[Path]:
    """What lies in the folder whose names begin so, and was not changed since."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as found:
        for entry in found:
            with suppress(FileNotFoundError):
                is_old = entry.stat(follow_symlinks=False).st_mtime < before.timestamp()
                if is_old and entry.name.startswith(prefix):
                    yield Path(entry.path)


def _probes(before: datetime) -> Iterator[Path]:
    return _left(Path(settings.GHOST.magnet_tmp_dir), "", before)


def _backups(before: datetime) -> Iterator[Path]:
    return _left(Path(settings.GHOST.backup_dir), archive.SCRATCH, before)


def _copies(before: datetime) -> Iterator[Path]:
    return _left(settings.GHOST.db_path.parent, scratch.PREFIX, before)


def _covers(before: datetime) -> Iterator[Path]:
    yield from cover_files.unnamed(Cover.objects.digests(), before.timestamp())


BOUNDS: tuple[Bound, ...] = (
    of_paths(
        "covers", ReasonCode("retention.covers", _("files of covers that nothing shows")), _covers,
        where="GHOST_COVER_DIR", keep=_a_day,
    ),
    Bound(
        "metadata", ReasonCode("retention.metadata", _("metadata of nothing that is listed")),
        "GHOST_MAGNET_METADATA_DIR", keep=_a_day,
        preview=lambda _before: findings.count_unlisted_metadata(),
        prune=lambda _before: findings.sweep_metadata(),
    ),
    of_paths(
        "probe-files", ReasonCode("retention.probe_files", _("files that probes left")), _probes,
        where="GHOST_MAGNET_TMP_DIR", keep=_a_day,
    ),
    of_paths(
        "backup-drafts", ReasonCode("retention.backup_drafts", _("folders that interrupted backups left")), _backups,
        where="GHOST_BACKUP_DIR", keep=_a_day,
    ),
    of_paths(
        "database-copies", ReasonCode("retention.database_copies", _("copies of the database that interrupted commands left")), _copies,
        where="GHOST_DB_PATH", keep=_a_day,
    ),
)  # fmt: skip
