"""Putting a backup in place of what is there.

Everything is made ready beside what is there, and a plan is written; then the plan is carried out, in
steps that may be repeated. A process that is killed before leaves the former state, and one that is
killed after it is finished by whoever comes next (`finish_interrupted`).
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ghost.core.config.env import variable
from ghost.core.errors import OutageError, RefusedError
from ghost.core.io import files
from ghost.operations import reasons
from ghost.operations.backups import archive, databases, manifest, unpacking
from ghost.operations.backups.archive import PLAN, SECRETS, STAMP, UNDER_WAY
from ghost.operations.backups.manifest import Manifest


@dataclass
class Restored:
    """Where the former state was moved to, and what is left to do, in words."""

    kept: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def restore(path: Path, *, force: bool = False) -> Restored:
    """Put a backup in place of what is there, which is kept.

    Nothing is touched before the whole backup was verified. RefusedError if there is a catalog
    already and `force` does not say to replace it, or while web or worker use the database.
    """
    with archive.alone(archive.folder(), reasons.BACKUP_RESTORE_RUNS()):
        _finish()
        with unpacking.unpacked(path) as (folder, found):
            here = databases.current()
            _require_fitting(here, found)
            if not force:
                _require_empty(here)
            here.require_nobody()
            stamp, notes = f"{datetime.now(UTC):{STAMP}}", _other_keys(folder / SECRETS)
            here.stage(folder, found, stamp)
            plan = _plan(folder, stamp)
        done = _carry_out(plan)
    done.notes = [*notes, *_without_password(here.without_password())]
    return done


def finish_interrupted() -> bool:
    """Finish a restore whose process was killed once its plan stood; whether there was one. OutageError if
    it can't be done; nothing, while somebody else is at it."""
    place: Path = settings.GHOST.backup_dir
    with suppress(OSError):
        if not any(place.glob(f"{UNDER_WAY}*/{PLAN}")):
            return False
    try:
        with archive.locked(place):
            return _finish()
    except BlockingIOError:
        return False


def _finish() -> bool:
    """Carry out what was planned, and drop what was only begun."""
    place: Path = settings.GHOST.backup_dir
    planned = [folder for folder in place.glob(f"{UNDER_WAY}*") if (folder / PLAN).is_file()]
    for folder in planned:
        _carry_out(folder)
    archive.sweep_restores(place)
    return bool(planned)


def _require_fitting(here: databases.Database, found: Manifest) -> None:
    if found.database != here.word:
        raise RefusedError(reasons.BACKUP_OTHER_DATABASE(name=found.database))


def _require_empty(here: databases.Database) -> None:
    if rows := here.rows_at_stake():
        raise RefusedError(reasons.BACKUP_NOT_EMPTY(number=rows))


def _other_keys(secrets: Path) -> list[str]:
    """A key that the environment gives wins over the one that is restored."""
    told = _(
        "%s is set to another value than the backup's: unset it, or data made with the backup's key can't be read."
    )
    in_force = {"token_pepper": settings.TOKEN_PEPPER, "secret_key": settings.SECRET_KEY}
    return [
        told % variable(name)
        for name, value in in_force.items()
        if getattr(settings.GHOST, name) is not None
        and (secrets / name).is_file()
        and (secrets / name).read_text() != value
    ]


def _without_password(left: int) -> list[str]:
    if not left:
        return []
    told = ngettext(
        "%(number)s operator has no password, since the backup was not encrypted: set one with manage.py changepassword NAME.",
        "%(number)s operators have no password, since the backup was not encrypted: set them with manage.py changepassword NAME.",
        left,
    )
    return [told % {"number": left}]


def _plan(folder: Path, stamp: str) -> Path:
    """Make everything ready where it can be put in place by a rename; the folder with the plan."""
    under_way = settings.GHOST.backup_dir / f"{UNDER_WAY}{stamp}"
    folder.rename(under_way)
    staged = {}
    for name, target in archive.folders().items():
        if (under_way / name).is_dir():
            beside = target.with_name(f".{target.name}.restoring-{stamp}")
            files.make_folder(target.parent, above=files.PASSABLE_FOLDER)
            shutil.move(under_way / name, beside)
            staged[str(target)] = str(beside)
    os.sync()  # all of it, before the plan says that it is there
    body = {"stamp": stamp, "folders": staged, "database": databases.current().word}
    files.write_atomic(under_way / PLAN, json.dumps(body).encode())
    return under_way


def _carry_out(under_way: Path) -> Restored:
    """Put it all in place. Keys come first: whatever starts meanwhile would make others."""
    plan, done = json.loads((under_way / PLAN).read_text()), Restored()
    here = databases.current()
    if plan["database"] != here.word:
        raise OutageError(reasons.BACKUP_PLAN_ELSEWHERE(path=str(under_way), name=plan["database"]))
    try:
        for target, staged in plan["folders"].items():
            done.kept += _replace_folder(Path(staged), Path(target), plan["stamp"])
        kept = here.put_in_place(under_way, manifest.read(under_way), plan["stamp"])
        shutil.rmtree(under_way)
    except (OSError, sqlite3.Error) as error:
        raise OutageError(reasons.BACKUP_UNFINISHED(reason=str(error))) from error
    done.kept += [kept] if kept else []
    return done


def _replace_folder(staged: Path, target: Path, stamp: str) -> list[str]:
    """Nothing if that was done before. What is there is kept, unless it is empty."""
    kept = target.with_name(f"{target.name}.replaced-{stamp}")
    if staged.exists():
        if target.exists() and any(target.iterdir()):
            # Of two that were there, the second was made while the first was put in place.
            target.rename(kept if not kept.exists() else kept.with_name(f"{kept.name}-2"))
        elif target.exists():
            target.rmdir()
        staged.rename(target)
    return [str(kept)] if kept.exists() else []
