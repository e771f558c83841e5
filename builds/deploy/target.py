"""What is deployed, and what every kind of target does with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from builds import reasons
from builds.tree.patches import TreeChanges
from ghost.core.errors import OutageError, RefusedError
from ghost.core.text.reasons import Reason


class DamagedError(OutageError):
    """Our own copy of what was deployed can't be read; it has to be made anew."""


Guard = Callable[[Collection[str]], None]
"""Hears which files would be deleted; raises `HeldError` if an operator has to allow that."""


NO_CHANGES = TreeChanges(set(), set())


class HeldError(RefusedError):
    """Too much would be deleted to do so unasked."""

    def __init__(
        self, reason: Reason, paths: Collection[str], takedowns: TreeChanges = NO_CHANGES
    ) -> None:
        """`paths` wait; `takedowns` is what takedowns ask for of the same deployment, which needs
        nobody's leave."""
        super().__init__(reason)
        self.paths = paths
        self.takedowns = takedowns


@dataclass(frozen=True)
class Site:
    """The published tree, and what changed in it since a target got it.

    Without `changes` the target is compared with the whole tree.
    """

    folder: Path
    changes: TreeChanges | None = None

    def read(self, path: str) -> bytes:
        """The body of a file."""
        file = self.folder / path
        if file.is_symlink():
            raise RefusedError(reasons.SYMBOLIC_LINK(name=path))
        return file.read_bytes()

    def split(self) -> tuple[list[str], list[str]]:
        """Of the changes: what is there, and what is not, both sorted."""
        if self.changes is None:
            raise ValueError("nothing is known of changes")
        named = self.changes.files | self.changes.removed
        there = {path for path in named if (self.folder / path).is_file()}
        return sorted(there), sorted(named - there)

    def paths(self) -> Iterator[str]:
        """All its files, a folder's own before those of its folders. OSError if one can't be
        looked into: what is not seen would be deleted elsewhere."""
        for where, folders, names in os.walk(self.folder, onerror=_raise):
            folders.sort()
            within = os.path.relpath(where, self.folder)
            for name in sorted(names):
                yield name if within == "." else f"{within}/{name}"


@dataclass(frozen=True)
class Holding:
    """What a target holds, as far as we know. `is_known` is False before the first deployment."""

    is_known: bool = False
    commit: str = ""
    files: int = 0


@dataclass(frozen=True)
class Sent:
    """What a target holds now. `changed` and `removed` count files; neither: it held that before."""

    files: int
    changed: int
    removed: int
    commit: str = ""


def _raise(error: OSError) -> None:
    raise error


class Target(Protocol):
    """One place that the site goes to."""

    @property
    def kind(self) -> str:
        """What brings the site there: one of `Deployment.Kind`."""

    @property
    def address(self) -> str:
        """What tells it from others, without credentials; shown to operators."""

    def send(self, site: Site, holding: Holding, guard: Guard) -> Sent:
        """Make it hold the site. RefusedError or OutageError if it does not."""
