"""The repository's folder: git's own directory, and the files for whoever looks into it.

Commits are made by git-fast-import, with neither index nor files: whatever somebody did in the folder gets into
none of them. The files follow the branch afterwards.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from django.conf import settings

from builds.deploy.fast_import import BRANCH as DRAFT
from builds.deploy.remotes import remote
from builds.deploy.repository import Repository
from ghost.core.errors import OutageError, RefusedError
from ghost.core.io import files
from ghost.operations.git_backup import reasons
from resources.exchange.text_folder import layout, reading

TRAILER = "Ghost-Catalog: 1"
"""In the message of each commit of ours; nobody else's has it."""
THEIRS = "refs/ghost/theirs"
"""What the remote's branch holds, while it is looked at."""
HELD = "ghost-backup"
BEGUN = "ghost-backup-begun"
"""Lies in `.git` from before a commit is made until nothing is left of what it replaced."""


class UnderWayError(RefusedError):
    """Somebody has the folder; nothing was tried."""


def remote_address() -> str:
    """Where it is pushed to, without credentials; empty: nowhere."""
    return remote(settings.GHOST.git_backup_remote).url


@dataclass(frozen=True)
class BackupFolder(Repository):
    """`folder` is `.git`; the files lie beside it."""

    @property
    def files(self) -> Path:
        """Where the files lie."""
        return self.folder.parent

    # -- one at a time

    @contextmanager
    def held(self) -> Iterator[Self]:
        """Make it if need be, and have it alone on this machine; UnderWayError if somebody has it."""
        self._make()
        with (self.folder / HELD).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise UnderWayError(reasons.UNDER_WAY()) from error
            yield self

    def _make(self) -> None:
        try:
            files.make_folder(self.files, files.PRIVATE_FOLDER)
            if self.is_there():
                return
            if self.folder.is_file() or self.has_files_of_others():
                raise RefusedError(reasons.NOT_EMPTY(folder=str(self.files)))
            shutil.rmtree(self.folder, ignore_errors=True)  # half made
        except OSError as error:
            why = error.strerror or str(error)
            raise OutageError(reasons.NO_FOLDER(folder=str(self.files), reason=why)) from error
        self._must("init", "--quiet", "--template=", "--object-format=sha1")
        self._must("config", "core.bare", "false")

    def has_files_of_others(self) -> bool:
        """Whether files lie in it that are no catalog of Ghost's."""
        others = any(each.name != ".git" for each in self.files.iterdir())
        return others and not reading.is_one(self.files)

    def begin(self) -> bool:
        """Note that a commit is made; whether one before was cut off: `forget` has to follow then."""
        mark = self.folder / BEGUN
        was_cut_off = mark.exists()
        mark.touch()
        return was_cut_off

    def end(self) -> None:
        """Note that the commit is made, and nothing is left of what it replaced."""
        (self.folder / BEGUN).unlink()

    def clear_locks(self) -> bool:
        """Clear away what a killed git left: nobody else writes here. Whether there were locks."""
        found = list(self._leftovers())
        for leftover in found:
            leftover.unlink(missing_ok=True)
        return any(each.suffix == ".lock" for each in found)

    # -- what is there

    def at(self, name: str) -> str:
        """The commit of a reference; empty if there is none."""
        done = self._run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        return done.text.strip() if done.exit_code == 0 else ""

    def is_ours(self, commit: str) -> bool:
        """Whether Ghost made that commit."""
        said = self._must("log", "-1", "--format=%B", commit)
        return TRAILER in said.splitlines()

    def head(self) -> str:
        """The branch that is checked out, `refs/heads/main`; empty where it is a commit."""
        done = self._run("symbolic-ref", "--quiet", "HEAD")
        return done.text.strip() if done.exit_code == 0 else ""

    def changed_by_hand(self) -> int:
        """How many files differ from the commit that is checked out; there must be one."""
        self._run(*self._beside(), "update-index", "--refresh", "-q")
        done = self._run(*self._beside(), "diff-index", "--name-only", "HEAD")
        return len(done.text.splitlines()) if done.exit_code == 0 else 0

    def contains(self, commit: str, other: str) -> bool:
        """Whether the history of `commit` has the other one."""
        done = self._run("merge-base", "--is-ancestor", other, commit)
        return done.exit_code == 0

    def length(self, commit: str) -> int:
        """How many commits its history has."""
        return int(self._must("rev-list", "--count", commit))

    def lines(self, commit: str, path: str) -> set[str]:
        """Those of a file in a commit; none if it is not there."""
        done = self._run("cat-file", "blob", f"{commit}:{path}")
        return set(done.text.split()) if done.exit_code == 0 else set()

    # -- what follows

    def draft(self, feed: Iterable[bytes]) -> str:
        """The tree of what git-fast-import makes of this."""
        return self.tree(self._hash("fast-import", "--quiet", "--force", feed=feed))

    def move(self, branch: str, commit: str) -> None:
        """Have the branch at this commit, and the files as it has them."""
        self._must("update-ref", branch, commit)
        self._must("symbolic-ref", "HEAD", branch)
        reset = (*self._beside(), "reset", "--hard", "--quiet")
        if self._run(*reset).exit_code:  # the index may be torn, and is worth nothing
            (self.folder / "index").unlink(missing_ok=True)
            self._must(*reset)

    def drop_outdated(self, branch: str, taken_down: frozenset[str]) -> bool:
        """Delete other branches at commits of Ghost's, of before some of this was taken down; whether there
        were any. Branches with commits of others are theirs."""
        names = self._must("for-each-ref", "--format=%(refname)", "refs/heads").split()
        others = [name for name in names if name != branch and self.is_ours(name)]
        found = [name for name in others if taken_down - self.lines(name, layout.TAKEN_DOWN)]
        for name in found:
            self._must("update-ref", "-d", name)
        return bool(found)

    def fetch(self, branch: str) -> None:
        """Bring the remote's branch here, as THEIRS; OutageError if that fails."""
        refs = f"+refs/heads/{branch}:{THEIRS}"
        done = self._talk(
            "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", self.remote.url, refs
        )
        if done.exit_code:
            raise OutageError(self.message(done.text))

    def forget(self, branch: str) -> None:
        """Drop all that the branch does not hold any more, as far as Ghost keeps it."""
        names = self._must("for-each-ref", "--format=%(refname)", "refs/remotes", "refs/ghost")
        for name in names.split():
            if name.startswith("refs/ghost/") or name.endswith(branch.removeprefix("refs/heads")):
                self._must("update-ref", "-d", name)
        for name in ("FETCH_HEAD", "ORIG_HEAD"):
            (self.folder / name).unlink(missing_ok=True)
        self._must("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
        self.pack()

    def drop_drafts(self) -> None:
        """Nothing holds what was looked at alone."""
        for name in (DRAFT, THEIRS):
            self._run("update-ref", "-d", name)

    def _beside(self) -> tuple[str, ...]:
        return (
            "-c", "core.autocrlf=false", "-c", "core.fsmonitor=false", "-c", "core.logAllRefUpdates=false",
            f"--work-tree={self.files}",
        )  # fmt: skip
