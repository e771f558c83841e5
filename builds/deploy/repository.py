"""Our git directory: what was pushed stays in it, so that the next push sends what changed.

It has neither index nor work tree: trees are made by git's importers straight from the site, byte
for byte, whatever attributes or line endings say. Nobody else writes here, and one deployment runs
at a time, so locks that lie about belong to the dead. All of it can be made anew from the site.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from builds import reasons
from builds.deploy.fast_import import BRANCH, Signature
from builds.deploy.remotes import Remote
from builds.deploy.target import DamagedError
from ghost.core.errors import OutageError
from ghost.core.io import child_environment, programs
from ghost.core.io.files import PUBLIC_UMASK, write_atomic

LOOSE_MOST = 5_000
PACKS_MOST = 60
"""Beyond these the directory is packed anew, which also drops what was taken down."""
MAX_MESSAGE_CHARS = 600
LIST_CHARS = 200_000_000
"""A list of all files of a site, and not just its ends."""

SETTINGS = (
    "core.quotePath=false",
    "core.compression=1",  # pages that change are packed once and pushed once
    "core.hooksPath=/dev/null",
    "core.askPass=",
    "fastimport.unpackLimit=1",  # a pack for each deployment, not a file for each object
    "gc.auto=0",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=60",
    "protocol.allow=never",
    "protocol.https.allow=always",
    "protocol.ssh.allow=always",
    "protocol.file.allow=always",
    "credential.helper=",  # none of the machine's
)
ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_COUNT": "0",
    "GIT_CONFIG_PARAMETERS": "",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "GIT_ALLOW_PROTOCOL": "https:ssh:file",
    "LC_ALL": "C",
}
_HASH = re.compile(r"[0-9a-f]{40}")
_NO_ROOM = re.compile(r"No space left|Disk quota|File too large|write error|unable to write", re.I)
_BROKEN = re.compile(
    r"pack-objects died|bad object|bad tree|not a valid object|unable to read|corrupt|inflate"
    r"|loose object|missing (blob|tree|commit|object)|does not match index",
    re.I,
)


@dataclass(frozen=True)
class Repository:
    """The directory, and whose credentials its pushes use."""

    folder: Path
    remote: Remote
    by: Signature
    timeout_s: float

    # -- commits

    def prepare(self) -> None:
        """Make it if it is not there; clear away what a killed git left."""
        if not (self.folder / "HEAD").is_file():
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            self._must("init", "--bare", "--quiet", "--template=", "--object-format=sha1")
        for leftover in self._leftovers():
            leftover.unlink(missing_ok=True)

    def _leftovers(self) -> Iterator[Path]:
        yield from self.folder.glob("*.lock")
        yield from self.folder.glob("fast_import_crash_*")
        yield from self.folder.glob("credentials")
        yield from (self.folder / "refs").rglob("*.lock")
        yield from (self.folder / "objects").glob("??/tmp_obj_*")
        yield from (self.folder / "objects" / "pack").glob("*tmp*")

    def tree(self, commit: str) -> str:
        """The tree of a commit that we made; empty for others, since none ever comes in here."""
        if not _HASH.fullmatch(commit):
            return ""
        done = self._run("rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}")
        found = _HASH.search(done.text)
        return found[0] if found and done.exit_code == 0 else ""

    def load(self, *command: str, feed: Iterable[bytes]) -> None:
        """Run one of git's importers."""
        self._must(*command, feed=feed)

    def load_commit(self, feed: Iterable[bytes]) -> str:
        """Run git-fast-import on what makes one commit and asks for its hash; it is kept."""
        # What is rewritten is hashes of large folders, mostly: nothing could make them smaller.
        return self._hash(
            "-c", "core.compression=0", "fast-import", "--quiet", "--force", feed=feed
        )

    def commit(self, tree: str, message: str, parent: str = "") -> str:
        """A commit of a tree."""
        parents = ("-p", parent) if parent else ()
        return self._hash("commit-tree", tree, *parents, "-m", message)

    def keep(self, commit: str) -> None:
        """Let no packing drop it."""
        self._must("update-ref", BRANCH, commit)

    def differences(self, old: str, new: str) -> list[tuple[str, str]]:
        """State (A, M, D, T) and path of each file that differs between two commits or trees."""
        text = self._must("diff-tree", "-r", "--no-renames", "--name-status", old, new)
        return [(line[0], line[2:]) for line in text.splitlines() if line[1:2] == "\t"]

    # -- the other side

    def tip(self, branch: str) -> str:
        """The commit of the remote's branch; empty if there is no such branch."""
        done = self._talk("ls-remote", "--", self.remote.url, f"refs/heads/{branch}")
        if done.exit_code:
            raise OutageError(self.message(done.text))
        found = re.search(r"^([0-9a-f]{40})\trefs/heads/", done.text, re.M)
        return found[1] if found else ""

    def push(self, *arguments: str) -> tuple[dict[str, str], str]:
        """What became of each of the remote's references (flag and words of `--porcelain`), and
        all that git said."""
        done = self._talk("push", "--porcelain", "--no-verify", *arguments)
        done.log("git push")
        answers = re.findall(r"^([ +\-*=!])\t[^\t:]*:([^\t]+)\t(.*)$", done.text, re.M)
        if done.exit_code and _BROKEN.search(_ours(done.text)):
            raise DamagedError(self.message(done.text))
        return {name: f"{flag} {words}" for flag, name, words in answers}, done.text

    def message(self, text: str) -> str:
        """What git said, without secrets, in one short line."""
        lines = [line.strip() for line in self.remote.clean(text).splitlines()]
        said = " ".join(line for line in lines if line and not line.startswith(("To ", "hint:")))
        return said if len(said) <= MAX_MESSAGE_CHARS else f"…{said[-MAX_MESSAGE_CHARS:]}"

    # -- upkeep

    def tidy(self) -> bool:
        """Pack it anew if much has come together, without what no branch holds; whether it was."""
        packs = len(list((self.folder / "objects" / "pack").glob("*.pack")))
        loose = sum(1 for _ in (self.folder / "objects").glob("??/*"))
        if packs <= PACKS_MOST and loose <= LOOSE_MOST:
            return False
        self.pack()
        return True

    def pack(self) -> None:
        """Pack it anew, without what no branch holds; what was packed well before stays so."""
        self._must("repack", "-a", "-d", "-q", "--no-write-bitmap-index")
        self._must("prune", "--expire=now")

    def is_there(self) -> bool:
        """Whether anything was ever deployed from it."""
        return (self.folder / "HEAD").is_file()

    def discard(self) -> None:
        """Remove the directory; `prepare` makes an empty one."""
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- git

    def _talk(self, *command: str) -> programs.Output:
        """Run it with the credentials at hand: in a file, since others see command lines."""
        if not self.remote.stored:
            return self._run(*command)
        file = self.folder / "credentials"
        write_atomic(file, f"{self.remote.stored}\n".encode(), mode=0o600)
        try:
            return self._run("-c", f"credential.helper=store --file={quote(str(file))}", *command)
        finally:
            file.unlink(missing_ok=True)

    def _run(self, *command: str, feed: Iterable[bytes] | None = None) -> programs.Output:
        options = [part for setting in SETTINGS for part in ("-c", setting)]
        who = {"NAME": self.by.name, "EMAIL": self.by.email, "DATE": f"{self.by.at} +0000"}
        names = {
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in who.items()
        }
        ssh = child_environment.ssh_command("GIT_SSH_COMMAND")
        return programs.run(
            ["git", f"--git-dir={self.folder}", *options, *command],
            timeout_s=self.timeout_s,
            cwd=self.folder.parent,
            passes=child_environment.GIT,
            env=ENVIRONMENT | names | {"GIT_SSH_COMMAND": ssh},
            # A repository on this machine is written by git's other half, for others to read.
            umask=PUBLIC_UMASK if "push" in command else None,
            feed=feed,
            limit_chars=LIST_CHARS,
        )

    def _must(self, *command: str, feed: Iterable[bytes] | None = None) -> str:
        done = self._run(*command, feed=feed)
        if done.exit_code == 0:
            return done.text
        name = next(word for word in command if not word.startswith("-") and "=" not in word)
        said = self.message(done.text)
        reason = (
            reasons.GIT_FAILED(name=name, reason=said)
            if said
            else reasons.GIT_STOPPED(name=name, number=done.exit_code)
        )
        # A full disk, or somebody's signal: what is here is as good as before.
        if done.exit_code < 0 or _NO_ROOM.search(done.text):
            raise OutageError(reason)
        raise DamagedError(reason)

    def _hash(self, *command: str, feed: Iterable[bytes] | None = None) -> str:
        found = _HASH.findall(self._must(*command, feed=feed))
        if not found:
            raise DamagedError(reasons.GIT_NO_OBJECT())
        return str(found[-1])


def _ours(text: str) -> str:
    """What git said of this side."""
    theirs = ("remote:", "error: remote", "!\t")
    return "\n".join(line for line in text.splitlines() if not line.startswith(theirs))
