"""A site's files as they shall be: read from the disk, changed in memory, written together."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ghost.core.io.files import PUBLIC_FILE, inside, write_atomic


class TreeEdits:
    """Edits of a site, or of a delta (`site`) that lies over one (`below`). Paths are relative."""

    def __init__(self, site: Path, below: Path | None = None) -> None:
        self.site = site
        self._below = below
        self._changed: dict[str, bytes | None] = {}
        self.taken_out: set[int] = set()
        """Resources of which they leave nothing."""

    def read(self, path: str) -> bytes | None:
        """A file as it shall be; None if there is none."""
        if path in self._changed:
            return self._changed[path]
        found = _read(f"{self.site}/{path}")
        return found if found is not None or self._below is None else _read(f"{self._below}/{path}")

    def has(self, path: str) -> bool:
        """Whether there shall be a file."""
        if path in self._changed:
            return self._changed[path] is not None
        return any(root and (root / path).is_file() for root in (self.site, self._below))

    def put(self, path: str, body: bytes | None) -> None:
        """Let a file have that content, or (None) be gone."""
        self._changed[path] = body

    def edit(self, path: str, cut: Callable[[bytes], bytes]) -> bool:
        """Change a file, if it is there; whether that made another one of it."""
        body = self.read(path)
        if body is None or (edited := cut(body)) == body:
            return False
        self._changed[path] = edited
        return True

    def __bool__(self) -> bool:
        """Whether anything is to change."""
        return bool(self._changed)

    @property
    def written(self) -> dict[str, bytes]:
        """Files that get another content."""
        return {path: body for path, body in self._changed.items() if body is not None}

    @property
    def removed(self) -> list[str]:
        """Files that go."""
        return [path for path, body in self._changed.items() if body is None]

    def after(self, earlier: TreeEdits) -> TreeEdits:
        """Both, the earlier ones first."""
        both = TreeEdits(self.site, self._below)
        both._changed = earlier._changed | self._changed
        both.taken_out = earlier.taken_out | self.taken_out
        return both

    def write_to(self, folder: Path) -> None:
        """Write the changed files, which are the site's, into a folder that has none of them."""
        made = set[str]()
        for path, body in self.written.items():
            above = path.rpartition("/")[0]
            if above not in made:
                made.add(above)
                _refuse_outside(path)
                Path(f"{folder}/{above}").mkdir(parents=True, exist_ok=True)
            with open(f"{folder}/{path}", "wb") as file:  # noqa: PTH123  # a Path for each costs seconds
                file.write(body)

    def carry_out(self) -> None:
        """Change the site itself, each file in one step."""
        for path, body in self.written.items():
            write_atomic(inside(self.site, path), body, mode=PUBLIC_FILE)
        for path in self.removed:
            (self.site / path).unlink(missing_ok=True)


def _refuse_outside(path: str) -> None:
    if path.startswith(("/", "../")) or os.path.normpath(path) != path:
        raise ValueError(f"{path!r} leads out of its folder")


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:  # noqa: PTH123  # a Path for each costs seconds
            return file.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
