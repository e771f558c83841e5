"""pg_dump, pg_restore and psql, which come with PostgreSQL's client."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from ghost.core.errors import OutageError, RefusedError
from ghost.core.io import child_environment, programs
from ghost.operations import reasons

NAMES = ("pg_dump", "pg_restore", "psql")
TIMEOUT_S = 3000
"""A disk's worth of rows, within the time of a task."""
MAX_MESSAGE_CHARS = 400
LIST_CHARS = 2_000_000


def missing() -> list[str]:
    """Those of the programs that are not here."""
    return [name for name in NAMES if not _is_there(name)]


def require() -> None:
    """RefusedError that says what to install, if one is missing."""
    if absent := missing():
        raise RefusedError(reasons.BACKUP_NO_PROGRAMS(names=", ".join(absent)))


def run(
    name: str,
    *arguments: str | Path,
    address: str = "",
    feed: Iterable[bytes] | None = None,
    limit_chars: int = programs.OUTPUT_LIMIT_CHARS,
) -> str:
    """Run one of them, on the database at `address` if one is given; what it prints.

    Its password is not among the arguments, which everybody on the machine may see. OutageError with
    its words if it fails.
    """
    where, env = _address(address)
    done = programs.run(
        [_path(name), *arguments, *where],
        timeout_s=TIMEOUT_S,
        passes=child_environment.POSTGRES,
        env={"LC_ALL": "C", **env},
        feed=feed,
        limit_chars=limit_chars,
    )
    if done.exit_code:
        said = re.sub(r"\s+", " ", done.text).strip()[:MAX_MESSAGE_CHARS]
        raise OutageError(reasons.BACKUP_PROGRAM_SAID(name=name, reason=said))
    return done.text


def _address(address: str) -> tuple[list[str], dict[str, str]]:
    if not address:
        return [], {}
    from psycopg import conninfo  # noqa: PLC0415  # 60 ms that nobody needs on SQLite

    parts = {name: str(value) for name, value in conninfo.conninfo_to_dict(address).items()}
    password = parts.pop("password", "")
    given = {"PGPASSWORD": password} if password else {}
    return [f"--dbname={conninfo.make_conninfo(**parts)}"], given


def _path(name: str) -> str:
    folder: Path | None = settings.GHOST.postgres_bin_dir
    return str(folder / name) if folder else name


def _is_there(name: str) -> bool:
    return shutil.which(_path(name)) is not None
