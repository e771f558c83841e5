"""A branch of a git repository, such as that of a Pages host.

The branch holds one commit without parents: what was taken off the site is in no history of it, in
the same push that takes it off. Git sends such a commit whole, since it looks for what the other
side has among the commit's parents alone. So it is pushed together with a carrier, a commit of the
same tree whose parent is the remote's present one: git then sends only what changed. The carrier
goes to a reference of its own, and is deleted at once.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from builds import reasons
from builds.deploy.fast_import import Whole, changed
from builds.deploy.repository import Repository
from builds.deploy.target import DamagedError, Guard, Holding, Sent, Site
from ghost.core.errors import OutageError, RefusedError

CARRIER = "refs/ghost/carrier"
MESSAGE = "Publish"

logger = logging.getLogger(__name__)


class MovedError(OutageError):
    """The remote's branch is not where we left it."""


@dataclass(frozen=True)
class GitBranch:
    """`force` overwrites what others pushed. `extra`: files of the branch alone, by name; None
    for those that must not be there."""

    repository: Repository
    branch: str
    extra: Mapping[str, bytes | None]
    force: bool = False
    kind: str = "git"

    @property
    def address(self) -> str:
        """URL of the repository, without credentials, and the branch."""
        return f"{self.repository.remote.url} {self.branch}"

    def send(self, site: Site, holding: Holding, guard: Guard) -> Sent:
        """Push the site if it is another one than the branch holds."""
        try:
            return self._send(site, holding, guard)
        except DamagedError as error:
            logger.warning("the git directory is made anew: %s", error)
            self.repository.discard()
            return self._send(site, holding, guard)

    def _send(self, site: Site, holding: Holding, guard: Guard) -> Sent:
        git = self.repository
        git.prepare()
        tree = git.tree(holding.commit)
        base = holding.commit if tree else ""
        commit, counted = self._commit(site, tree)
        states = git.differences(base, commit) if base else []
        guard(_gone(states) if base else _at_least(holding.files - (counted or 0)))
        if base and not states and (site.changes is not None or git.tip(self.branch) == base):
            git.keep(base)
            return Sent(holding.files, 0, 0, base)
        pushed = self._push(commit, base, holding.commit, guard)
        if pushed != commit:
            git.keep(pushed)
        with suppress(OutageError):  # the next deployment tries again
            git.tidy()
        return _sent(pushed, states, counted, holding.files)

    def _commit(self, site: Site, tree: str) -> tuple[str, int | None]:
        """The site as a commit, and its number of files where all were read. `tree`: of what the
        branch holds, if that is known."""
        git = self.repository
        if tree and site.changes is not None:
            return git.load_commit(changed(site, self.extra, tree, git.by, MESSAGE)), None
        whole = Whole(site, self.extra)
        git.load("fast-import", "--quiet", "--force", feed=whole.blobs())
        git.load("index-pack", "--stdin", feed=whole.pack())
        commit = git.commit(whole.root, MESSAGE)
        git.keep(commit)
        return commit, whole.files

    # -- the other side

    def _push(self, commit: str, base: str, expected: str, guard: Guard) -> str:
        """The commit that the branch has now. Where the branch has moved, we look once whether
        it was us, killed before we could write it down."""
        try:
            self._push_from(base, expected, commit)
            return commit
        except MovedError:
            tip = self.repository.tip(self.branch)
        if self.repository.tree(tip):
            return self._follow(commit, tip, guard)
        if tip and not self.force:
            raise RefusedError(reasons.FOREIGN_COMMITS(name=self.branch, commit=tip[:10]))
        self._push_from("", tip, commit)
        return commit

    def _follow(self, commit: str, tip: str, guard: Guard) -> str:
        """Go on from a commit of ours that was pushed without anybody knowing."""
        states = self.repository.differences(tip, commit)
        guard(_gone(states))
        if not states:
            self._drop_carrier()
            return tip
        self._push_from(tip, tip, commit)
        return commit

    def _push_from(self, base: str, expected: str, commit: str) -> None:
        """Push a commit to the branch, if that is at `expected` (empty: not there). `base`: the
        same, where git may send only what changed."""
        name = f"refs/heads/{self.branch}"
        specs = [f"{commit}:{name}"]
        if base and base == expected:
            carrier = self.repository.commit(f"{commit}^{{tree}}", MESSAGE, parent=base)
            specs.append(f"+{carrier}:{CARRIER}")
        answers, text = self.repository.push(
            f"--force-with-lease={name}:{expected}", "--", self.repository.remote.url, *specs
        )
        if answers.get(CARRIER, "!")[0] in "*+=":
            self._drop_carrier()
        answer = answers.get(name, "")
        if "stale info" in answer:
            raise MovedError(reasons.BRANCH_MOVED())
        if not answer or answer.startswith("!"):
            raise OutageError(reasons.NOT_PUSHED(reason=self.repository.message(text)))

    def _drop_carrier(self) -> None:
        """Delete it on the other side: its parent holds what was taken off the site."""
        remote = self.repository.remote
        answers, text = self.repository.push("--", remote.url, f":{CARRIER}")
        is_gone = answers.get(CARRIER, "").startswith("-")
        was_never = "does not exist" in text or "hidden ref" in text
        if not (is_gone or was_never):
            said = self.repository.message(text)
            raise OutageError(reasons.NOT_DELETED(name=CARRIER, reason=said))


def _gone(states: list[tuple[str, str]]) -> list[str]:
    return [path for state, path in states if state == "D"]


def _at_least(count: int) -> list[str]:
    """Our copy of what the branch holds is lost: so many of its files are gone, if not more."""
    return ["(unknown)"] * max(count, 0)


def _sent(commit: str, states: list[tuple[str, str]], counted: int | None, before: int) -> Sent:
    removed = sum(state == "D" for state, _ in states)
    added = sum(state == "A" for state, _ in states)
    files = before + added - removed if counted is None else counted
    return Sent(files, len(states) - removed if states else files, removed, commit)
