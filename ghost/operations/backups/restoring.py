"""Putting a backup in place of what is there."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ghost.core.config.env import variable
from ghost.core.errors import OutageError, RefusedError
from ghost.core.io import files
from ghost.operations.backups import archive, proof, table_choices
from ghost.operations.backups.archive import DATABASE, SECRETS, STAMP


@dataclass
class Restored:
    """Where the former state was moved to, and what is left to do, in words."""

    kept: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def restore(path: Path) -> Restored:
    """Put a backup in place of what is there.

    Nothing is touched before the whole backup was verified. RefusedError while a worker, or a
    request just then, has the database open.
    """
    archive.require_file_database()
    with proof.unpacked(path) as (folder, _entries):
        _require_nobody(settings.GHOST.db_path)
        stamp, done = f"{datetime.now(UTC):{STAMP}}", Restored()
        done.notes += _other_keys(folder / SECRETS)
        _replace_database(folder / DATABASE, stamp, done)
        for name, target in archive.folders().items():
            if (folder / name).is_dir():
                _replace_folder(folder / name, target, stamp, done)
    return done


def _require_nobody(database: Path) -> None:
    if not database.exists():
        return
    with closing(sqlite3.connect(database, timeout=1)) as alone:
        try:
            # Leaving WAL mode needs the database for oneself. Ghost goes back to it by itself.
            alone.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            raise RefusedError("The database is in use: stop web and worker first.") from error


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


def _replace_database(source: Path, stamp: str, done: Restored) -> None:
    target: Path = settings.GHOST.db_path
    files.make_folder(target.parent, above=files.PASSABLE_FOLDER)
    kept = None
    if target.exists():
        kept = target.with_name(f"{target.name}.replaced-{stamp}")
        _copy(target, kept)
        done.kept.append(kept)
    done.notes += _bring_passwords_back(source, kept)
    _forget_site(source)
    # Through SQLite itself, so that a process which still has it open sees one state or the other.
    _copy(source, target)


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _forget_site(restored: Path) -> None:
    """The site that readers see is another one than the backup's, until a build has made it anew."""
    with (
        closing(sqlite3.connect(restored)) as database,
        suppress(sqlite3.Error),
    ):  # of another version
        database.execute("UPDATE ghost_change SET on_site_at = NULL WHERE on_site_at IS NOT NULL")
        database.execute("UPDATE builds_buildstate SET on_site_as_of = NULL")
        database.commit()


def _bring_passwords_back(restored: Path, former: Path | None) -> list[str]:
    """A backup that was not encrypted holds none; those of today go on where they are known."""
    left = 0
    with closing(sqlite3.connect(restored)) as database:
        try:
            left = table_choices.left_without(database)
            if left and former:
                database.execute("ATTACH ? AS former", [f"{former}"])
                left = table_choices.bring_back(database)
        except sqlite3.Error:  # of another version, or damaged: then they are set anew
            database.rollback()
    if not left:
        return []
    told = ngettext(
        "%(number)s operator has no password, since the backup was not encrypted: set one with manage.py changepassword NAME.",
        "%(number)s operators have no password, since the backup was not encrypted: set them with manage.py changepassword NAME.",
        left,
    )
    return [told % {"number": left}]


def _replace_folder(source: Path, target: Path, stamp: str, done: Restored) -> None:
    try:
        if target.exists():
            kept = target.with_name(f"{target.name}.replaced-{stamp}")
            target.rename(kept)
            done.kept.append(kept)
        files.make_folder(target.parent, above=files.PASSABLE_FOLDER)
        shutil.move(source, target)
    except OSError as error:
        told = _(
            "%(path)s could not be replaced: %(reason)s. The database is restored; restore again once that is mended."
        )
        raise OutageError(told % {"path": target, "reason": error.strerror}) from error
