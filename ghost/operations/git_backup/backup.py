"""One git backup: from one moment's view of the catalog to a commit, and to the remote."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import IO, TypeVar

from django.conf import settings

from builds.deploy.fast_import import BRANCH as DRAFT
from builds.deploy.fast_import import Signature
from builds.deploy.remotes import remote
from builds.deploy.target import DamagedError
from ghost.core import circuits
from ghost.core.circuits import Kind
from ghost.core.db.snapshot import one_moment
from ghost.core.errors import GhostError, OutageError, RefusedError
from ghost.core.text.reasons import Plain, Reason
from ghost.operations.git_backup import reasons
from ghost.operations.git_backup.folder import TRAILER, BackupFolder, UnderWayError
from ghost.operations.git_backup.models import GitBackup
from resources.exchange.text_folder import layout
from resources.exchange.text_folder.writing import PublicCatalog

MOST_COMMITS = 400
"""A longer history is dropped: a year and some of daily ones."""
TIMEOUT_S = 1800.0
PAUSE_S = 2.0
"""Before a push is tried again; twice as long each time."""
_PIECE = 1 << 20
_END = "--- end of this file ---"
"""No line of ours is that: it ends a file for git-fast-import(1)."""

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass
class Outcome:
    """What a git backup did."""

    commit: str = ""
    resources: int = 0
    is_new: bool = False
    is_pushed: bool = False
    notes: list[Reason] = field(default_factory=list)

    def lines(self) -> list[Reason]:
        """In words."""
        code = reasons.COMMITTED if self.is_new else reasons.UNCHANGED
        return [code(number=self.resources, commit=self.commit[:10]), *self.notes]

    def plain(self) -> list[Plain]:
        """As the result of a task."""
        return [line.plain() for line in self.lines()]


def run(*, insists: bool = False) -> Outcome:
    """Commit what changed, and push it. RefusedError or OutageError with what to do where that fails; all of it
    is noted in `GitBackup`. `insists`: ask a remote that is left alone, too."""
    if not settings.GHOST.git_backup_enabled:
        raise RefusedError(reasons.SWITCHED_OFF())
    row, outcome = None, Outcome()
    try:
        with _folder().held() as git:
            row = GitBackup.begin()
            _Run(git, settings.GHOST.git_backup_branch, outcome, insists=insists).carry_out()
    except UnderWayError:
        raise
    except BaseException as error:  # also a time-out, which is a SystemExit
        row = row or GitBackup.begin()
        why = error.reason if isinstance(error, GhostError) else reasons.INTERRUPTED()
        row.fail(why, **_found(outcome))
        log.warning("The git backup failed: %s", why)
        raise
    row.succeed(**_found(outcome), is_pushed=outcome.is_pushed)
    return outcome


def _found(outcome: Outcome) -> dict[str, object]:
    found: dict[str, object] = {"notes": [note.plain() for note in outcome.notes]}
    if outcome.commit:
        found |= {"commit": outcome.commit, "resources": outcome.resources}
    return found


def _folder() -> BackupFolder:
    ghost = settings.GHOST
    by = Signature(ghost.pages_git_user_name, ghost.pages_git_user_email, int(time.time()))
    return BackupFolder(
        ghost.git_backup_dir / ".git", remote(ghost.git_backup_remote), by, TIMEOUT_S
    )


@dataclass
class _Run:
    git: BackupFolder
    branch: str
    outcome: Outcome
    insists: bool
    tip: str = ""
    """What the remote's branch holds, as far as that is known."""
    ours: set[str] = field(default_factory=set)
    """Commits that are known to be Ghost's."""

    @property
    def name(self) -> str:
        return f"refs/heads/{self.branch}"

    @property
    def address(self) -> str:
        return self.git.remote.url

    def carry_out(self) -> None:
        """All of it; OutageError for a repository that is damaged, with what to do."""
        try:
            self._carry_out()
        except DamagedError as error:
            told = reasons.DAMAGED(folder=str(self.git.folder), reason=str(error))
            raise OutageError(told) from error

    def _carry_out(self) -> None:
        self._prepare()
        away = self._look_at_remote()
        was_cut_off = self.git.begin()
        if self._commit() or was_cut_off:
            self.git.forget(self.name)
        self.git.end()
        if away is not None:
            raise away
        if self.address:
            self._push()
        else:
            self.outcome.notes.append(reasons.NO_REMOTE())
        self.git.drop_drafts()
        self.git.tidy()

    # -- the folder

    def _prepare(self) -> None:
        """Refuse work of others before anything is written over it; say what else is not as it was left."""
        git, notes = self.git, self.outcome.notes
        if git.clear_locks():
            notes.append(reasons.UNLOCKED())
        head = git.at("HEAD")
        if not head and git.has_files_of_others():
            raise RefusedError(reasons.NOT_EMPTY(folder=str(git.files)))
        if head and not self._is_ours(head):
            raise RefusedError(reasons.FOREIGN_HEAD(folder=str(git.files), commit=head[:10]))
        self._require_ours(git.at(self.name), str(git.files))
        if head and git.head() != self.name:
            notes.append(reasons.ATTACHED(name=git.head().removeprefix("refs/heads/") or head[:10]))
        if head and (number := git.changed_by_hand()):
            notes.append(reasons.DIRTY(number=number))

    def _require_ours(self, commit: str, where: str) -> None:
        if commit and not self._is_ours(commit):
            raise RefusedError(
                reasons.FOREIGN_BRANCH(name=self.branch, where=where, commit=commit[:10])
            )

    def _is_ours(self, commit: str) -> bool:
        if commit not in self.ours and self.git.is_ours(commit):
            self.ours.add(commit)
        return commit in self.ours

    # -- the commit

    def _commit(self) -> bool:
        """What changed since the remote's commit, or since ours where that goes beyond it. Whether something
        was left behind that has to go."""
        git, before = self.git, self.git.at(self.name)
        base = self._base(before)
        tree, taken_down = self._draft()
        parent = self._parent(base, taken_down)
        commit = base
        if base != parent or not base or tree != git.tree(base):
            commit = git.commit(tree, f"{self.outcome.resources:,} resources\n\n{TRAILER}", parent)
            self.outcome.is_new = True
        git.move(self.name, commit)
        self.outcome.commit = commit
        is_left = before not in ("", commit, parent) and not git.contains(commit, before)
        return git.drop_outdated(self.name, taken_down) or is_left or base not in (parent, commit)

    def _draft(self) -> tuple[str, frozenset[str]]:
        """The tree of the catalog as it is at one moment, and what is taken down then."""
        with tempfile.TemporaryFile(dir=self.git.folder) as text:
            with one_moment():
                catalog = PublicCatalog()
                _write(catalog, self.git.by, text)
            self.outcome.resources = catalog.resources
            text.seek(0)
            tree = self.git.draft(iter(partial(text.read, _PIECE), b""))
        return tree, frozenset(catalog.taken_down)

    def _base(self, ours: str) -> str:
        theirs = self.tip
        if theirs in ("", ours):
            return ours
        return ours if ours and self.git.contains(ours, theirs) else theirs

    def _parent(self, base: str, taken_down: frozenset[str]) -> str:
        """The base, unless its history has to go: with what was taken down since, or for its length."""
        if not base:
            return ""
        if taken_down - self.git.lines(base, layout.TAKEN_DOWN):
            self.outcome.notes.append(reasons.HISTORY_DROPPED())
            return ""
        if (length := self.git.length(base)) >= MOST_COMMITS:
            self.outcome.notes.append(reasons.HISTORY_CUT(number=length))
            return ""
        return base

    # -- the other side

    def _look_at_remote(self) -> OutageError | None:
        """Bring its branch here, to go on from it. What keeps us from that is told after the commit."""
        if not self.address:
            return None
        if not circuits.claim(Kind.GIT_BACKUP, self.address) and not self.insists:
            return OutageError(reasons.LEFT_ALONE(name=self.address))
        try:
            self.tip = self._asked(self._fetched)
        except DamagedError:
            raise
        except OutageError as error:
            return error
        self._asked(partial(self._require_ours, self.tip, self.address))
        return None

    def _fetched(self) -> str:
        tip = self.git.tip(self.branch)
        if tip and not self.git.at(tip):
            self.git.fetch(self.branch)
        return tip

    def _push(self) -> None:
        """Bring the commit there, if its branch is where we saw it."""
        if self.tip != self.outcome.commit:
            self._asked(self._sent)
        circuits.succeeded(Kind.GIT_BACKUP, self.address)
        self.outcome.is_pushed = True
        self.outcome.notes.append(reasons.PUSHED(name=self.address))

    def _sent(self) -> None:
        lease = f"--force-with-lease={self.name}:{self.tip}"
        refs = f"{self.outcome.commit}:{self.name}"
        answers, said = self.git.push(lease, "--", self.address, refs)
        if self.name not in answers:
            raise OutageError(self.git.message(said))
        if answers[self.name].startswith("!"):
            raise RefusedError(reasons.REJECTED(name=self.address, reason=self.git.message(said)))

    def _asked(self, ask: Callable[[], T]) -> T:
        """What comes of asking the remote; a failure is held against it."""
        try:
            return self._again(ask)
        except DamagedError:  # that is on this side
            raise
        except RefusedError as error:
            circuits.failed(Kind.GIT_BACKUP, self.address, error.reason)
            raise
        except OutageError as error:
            told = reasons.UNREACHABLE(name=self.address, reason=str(error))
            circuits.failed(Kind.GIT_BACKUP, self.address, told)
            raise OutageError(told) from error

    def _again(self, ask: Callable[[], T]) -> T:
        """Ask, and ask again after pauses if nobody answers."""
        for pause_s in (PAUSE_S * 2**n for n in range(settings.GHOST.git_backup_retries)):
            try:
                return ask()
            except DamagedError:
                raise
            except OutageError:
                time.sleep(pause_s)
        return ask()


def _write(catalog: PublicCatalog, by: Signature, stream: IO[bytes]) -> None:
    """What git-fast-import(1) reads: one commit with all files of the catalog."""
    stream.write(b"feature done\ncommit %s\nmark :1\n" % DRAFT.encode())
    stream.write(by.line + b"data 0\n")
    for name, lines in catalog.files():
        stream.write(f"M 100644 inline {name}\ndata <<{_END}\n".encode())
        stream.writelines(f"{line}\n".encode(errors="replace") for line in lines)
        stream.write(f"{_END}\n".encode())
    stream.write(b"get-mark :1\ndone\n")
