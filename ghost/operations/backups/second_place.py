"""Copies of backups at a second place: a folder, such as a mounted disk, or another host by rsync."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.conf import settings

from ghost.core.config.env import BASE_DIR
from ghost.core.config.groups.deployment import is_elsewhere
from ghost.core.errors import OutageError, RefusedError
from ghost.core.io import child_environment, files, programs
from ghost.operations import file_modes, reasons

TIMEOUT_S = 3000
MAX_MESSAGE_CHARS = 300


class Place(Protocol):
    """Where copies are brought."""

    def require(self) -> None:
        """GhostError if it can be seen from here that it can't be used."""

    def bring(self, archive: Path) -> None:
        """Have a copy of this file there. OutageError if that fails."""

    def remove(self, names: Sequence[str]) -> None:
        """Have none of these there. OutageError if that fails."""


def address() -> str:
    """GHOST_BACKUP_COPY_TO as it is stored and shown: it may hold no password."""
    return str(settings.GHOST.backup_copy_to)


def place() -> Place | None:
    """The one that is configured, if one is."""
    if not (to := address()):
        return None
    return Elsewhere(to) if is_elsewhere(to) else Folder(BASE_DIR / Path(to).expanduser())


@dataclass(frozen=True)
class Folder:
    """A folder on this machine. It has to be there: what is not mounted must not fill the disk below."""

    path: Path

    def require(self) -> None:
        """RefusedError if everybody could read it, OutageError if it is not there."""
        if file_modes.is_published(self.path):
            raise RefusedError(reasons.BACKUP_COPY_PUBLISHED(path=str(self.path)))
        if not self.path.is_dir():
            raise OutageError(reasons.BACKUP_COPY_NO_FOLDER(path=str(self.path)))

    def bring(self, archive: Path) -> None:
        """Whoever looks sees the whole file or none."""
        try:
            self.require()
            with archive.open("rb") as source, files.replacing(self.path / archive.name) as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
        except OSError as error:
            raise OutageError(reasons.BACKUP_COPY_FAILED(reason=str(error))) from error

    def remove(self, names: Sequence[str]) -> None:
        """Those that are there."""
        try:
            self.require()
            for name in names:
                with suppress(FileNotFoundError):
                    (self.path / name).unlink()
        except OSError as error:
            raise OutageError(reasons.BACKUP_COPY_FAILED(reason=str(error))) from error


@dataclass(frozen=True)
class Elsewhere:
    """Another host: `user@host:path`, or `rsync://host/module`."""

    to: str

    def require(self) -> None:
        """Nothing: another host is not asked before there is something to bring."""

    def bring(self, archive: Path) -> None:
        """rsync writes under another name first, and renames in the end."""
        self._run("--times", "--chmod=F600", "--", str(archive))

    def remove(self, names: Sequence[str]) -> None:
        """Those files alone: what is not named is excluded, and so is protected."""
        with tempfile.TemporaryDirectory() as empty:
            listed = [f"--include=/{name}" for name in names]
            self._run("--recursive", "--delete", *listed, "--exclude=*", "--", f"{empty}/")

    def _run(self, *arguments: str) -> None:
        done = programs.run(
            ["rsync", "--timeout=120", "--protect-args", *arguments, f"{self.to.rstrip('/')}/"],
            timeout_s=TIMEOUT_S,
            passes=child_environment.RSYNC,
            env={"LC_ALL": "C", "RSYNC_RSH": child_environment.ssh_command("RSYNC_RSH")},
        )
        if done.exit_code:
            said = " ".join(done.text.split())[-MAX_MESSAGE_CHARS:]
            raise OutageError(reasons.BACKUP_COPY_FAILED(reason=said))
