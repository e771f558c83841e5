"""A plain folder, such as one that a web server serves from another disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from builds import reasons
from builds.deploy.target import Guard, Holding, Sent, Site
from ghost.core.errors import OutageError
from ghost.core.io.files import PUBLIC_FILE, write_atomic


@dataclass(frozen=True)
class Folder:
    """A mirror of the site: what is not of the site is removed from it."""

    path: Path
    kind: str = "folder"

    @property
    def address(self) -> str:
        """The path of the folder."""
        return str(self.path)

    def send(self, site: Site, holding: Holding, guard: Guard) -> Sent:
        """Replace each changed file in one step, then remove what is gone."""
        try:
            return self._send(site, holding, guard)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise OutageError(reasons.FOLDER_FAILED(reason=why)) from error

    def _send(self, site: Site, holding: Holding, guard: Guard) -> Sent:
        there, gone = site.split() if site.changes else (list(site.paths()), None)
        gone = self._strangers(set(there)) if gone is None else [p for p in gone if self._has(p)]
        guard(gone)
        fresh = sum(not self._has(path) for path in there)
        changed = 0
        for path in there:
            changed += self._replace(site, path)
        for path in gone:
            self._remove(path)
        # What is written down as deployed must survive a loss of power. One sync of everything is
        # cheaper than one of each file, and dearer than one of a few.
        if changed and site.changes is None:
            os.sync()
        files = holding.files + fresh - len(gone) if site.changes else len(there)
        return Sent(files, changed, len(gone))

    def _has(self, path: str) -> bool:
        return os.path.lexists(self.path / path)

    def _strangers(self, wanted: set[str]) -> list[str]:
        if not self.path.is_dir():
            return []
        return [path for path in _files(self.path) if path not in wanted]

    def _replace(self, site: Site, path: str) -> bool:
        """Whether the file was another one."""
        body, target = site.read(path), self.path / path
        if target.is_file() and not target.is_symlink() and target.read_bytes() == body:
            return False
        self._make_way(target)
        is_part = site.changes is not None
        write_atomic(target, body, mode=PUBLIC_FILE, survives_power_loss=is_part)
        return True

    def _make_way(self, target: Path) -> None:
        """Where the site has a file, there may be a folder, and the other way round."""
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        for above in target.parents:
            if above == self.path:
                break
            if above.is_symlink() or above.is_file():
                above.unlink()

    def _remove(self, path: str) -> None:
        # What a file of the site has replaced is gone already.
        with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            (self.path / path).unlink()
        for above in (self.path / path).parents:
            if above == self.path:
                break
            try:
                above.rmdir()
            except OSError:  # not empty, or gone
                break


def _files(folder: Path) -> Iterator[str]:
    """All that is no folder; links to folders are not entered."""
    for where, folders, names in os.walk(folder):
        above = Path(where)
        links = [name for name in folders if (above / name).is_symlink()]
        for name in (*names, *links):
            yield (above / name).relative_to(folder).as_posix()
