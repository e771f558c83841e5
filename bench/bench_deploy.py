"""Deploying one change of a large site: a pages branch and a folder, against bare git commands.

    python bench/bench_deploy.py [RESOURCES] [--changes N] [--languages N]

Makes a tree of the shape of a site (a page of each resource in each language, lists, index files),
deploys it whole to a bare repository, and then some changes of 16 files each. The bare commands
keep an index and one base commit ("base+1"), so the remote keeps what was taken down. CPU seconds
are those of all processes; of these, the other side's (`git receive-pack`, behind a program named
ssh that runs it here) are told apart. Prints JSON last.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ |= {"DJANGO_SETTINGS_MODULE": "tests.settings"}

import django  # after its settings are named

django.setup()

from builds.deploy.fast_import import Signature  # noqa: E402
from builds.deploy.folder import Folder  # noqa: E402
from builds.deploy.git import GitBranch  # noqa: E402
from builds.deploy.remotes import remote  # noqa: E402
from builds.deploy.repository import Repository  # noqa: E402
from builds.deploy.target import Holding, Sent, Site  # noqa: E402
from builds.tree.patches import TreeChanges  # noqa: E402

WHO = ("-c", "user.name=x", "-c", "user.email=x@example.org")
LISTS = 14
SSH = """#!/bin/bash
while [ "$1" != far.example ]; do shift; done
shift
bash -c "$*"
code=$?
times >> {told}
exit $code
"""


class Used:
    """CPU and wall seconds of all processes so far, and the largest child's memory."""

    def __init__(self) -> None:
        kinds = [resource.getrusage(k) for k in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        self.cpu_s = sum(used.ru_utime + used.ru_stime for used in kinds)
        self.wall_s = time.monotonic()


def measure(what: str, work: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall seconds of some work, told on standard error too."""
    before = Used()
    work()
    after = Used()
    print(f"{what:<28} {after.cpu_s - before.cpu_s:8.2f} CPU s", file=sys.stderr)
    return after.cpu_s - before.cpu_s, after.wall_s - before.wall_s


def git(*arguments: str | Path, feed: str = "") -> str:
    done = subprocess.run(
        ["git", *map(str, arguments)], input=feed, text=True, capture_output=True, check=True
    )
    return done.stdout.strip()


class Tree:
    """A public folder of that many resources."""

    def __init__(self, folder: Path, count: int, languages: int) -> None:
        self.folder, self.count, self.random = folder, count, random.Random(1)
        self.languages = ["", *(f"language-{number}/" for number in range(2, languages + 1))]
        letters = "abcdefghijklmnopqrstuvwxyz"
        self.words = ["".join(self.random.choices(letters, k=6)) for _ in range(3000)]
        self.head = self.text(400)
        for language in self.languages:
            for number in range(1, count + 1):
                self.write(f"{language}resources/{number}/index.html")
        for number in range(max(count // 100, LISTS)):
            self.write(f"page/{number}/index.html", 2000)

    def text(self, words: int) -> str:
        return " ".join(self.random.choices(self.words, k=words))

    def write(self, path: str, words: int = 120) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.head + self.text(words))

    def change(self) -> TreeChanges:
        """Of one edit: a page in each language, and lists."""
        number = self.random.randint(1, self.count)
        paths = {f"{language}resources/{number}/index.html" for language in self.languages}
        paths |= {f"page/{number}/index.html" for number in range(LISTS)}
        return TreeChanges(paths, set())

    def again(self, changes: TreeChanges) -> TreeChanges:
        """The same files, changed once more."""
        for path in sorted(changes.files):
            self.write(path)
        return changes


class OtherSide:
    """What the remote's processes used."""

    def __init__(self, scratch: Path) -> None:
        self.told = scratch / "theirs"
        (scratch / "bin").mkdir()
        (scratch / "bin/ssh").write_text(SSH.format(told=self.told))
        (scratch / "bin/ssh").chmod(0o755)
        os.environ["PATH"] = f"{scratch}/bin:{os.environ['PATH']}"

    def forget(self) -> None:
        self.told.unlink(missing_ok=True)

    def cpu_s(self) -> float:
        """As bash's `times` tells it: minutes and seconds, of user and system."""
        found = re.findall(r"(\d+)m([\d.]+)s", self.told.read_text())
        return sum(int(minutes) * 60 + float(seconds) for minutes, seconds in found)


class Bare:
    """The same with git's own commands: an index, a base commit, one commit on top."""

    def __init__(self, scratch: Path, public: Path, ours: Path) -> None:
        self.folder, self.far = scratch / "raw.git", scratch / "raw-remote.git"
        git("init", "-q", "--bare", self.folder)
        git("init", "-q", "--bare", self.far)
        (self.folder / "objects/info/alternates").write_text(f"{ours}/objects\n")
        self.git = ("--git-dir", self.folder, "--work-tree", public, "-c", "index.version=4", *WHO)
        git(*self.git, "read-tree", git("--git-dir", ours, "rev-parse", "refs/ghost/next^{tree}"))
        git(*self.git, "add", "-A")  # takes up the files' times
        self.base = self.tip = self.commit()
        git(*self.git, "push", "-q", self.far, f"{self.base}:refs/heads/gh-pages")

    def commit(self, *parents: str) -> str:
        return git(*self.git, "commit-tree", git(*self.git, "write-tree"), "-m", "x", *parents)

    def deploy(self, changes: TreeChanges) -> None:
        listed = "\n".join(sorted(changes.files))
        git(*self.git, "add", "--pathspec-from-file=-", feed=listed)
        new = self.commit("-p", self.base)
        lease = f"--force-with-lease=refs/heads/gh-pages:{self.tip}"
        git(*self.git, "push", "-q", lease, self.far, f"{new}:refs/heads/gh-pages")
        self.tip = new


class Deployer:
    """One of our targets, and what it holds."""

    def __init__(self, target: GitBranch | Folder, public: Path) -> None:
        self.target, self.public = target, public
        self.sent: Sent | None = None

    def deploy(self, changes: TreeChanges | None) -> None:
        held = self.sent
        holding = (
            Holding(is_known=True, commit=held.commit, files=held.files) if held else Holding()
        )
        self.sent = self.target.send(Site(self.public, changes), holding, lambda paths: None)


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("resources", nargs="?", type=int, default=2000)
    parser.add_argument("--changes", type=int, default=5)
    parser.add_argument("--languages", type=int, default=2)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ghost-bench-") as scratch:
        told = run(Path(scratch), wanted.resources, wanted.changes, wanted.languages)
    ours, raw = told["git_change_cpu_s"], told["raw_change_cpu_s"]
    theirs = told["git_change_theirs_cpu_s"]
    print(
        f"{told['files']:,} files; one change: {ours:.2f} CPU s ({theirs:.2f} of the other side),"
    )
    print(f"bare git {raw:.2f} CPU s,")
    print(f"ratio {told['ratio']:.2f}; the remote keeps {told['remote_commits']} commit(s)")
    print(json.dumps(told))


def run(scratch: Path, count: int, repeats: int, languages: int) -> dict[str, float]:
    """Figures of everything."""
    tree = Tree(scratch / "public", count, languages)
    far = scratch / "remote.git"
    git("init", "-q", "--bare", far)
    other_side = OtherSide(scratch)
    ours = Repository(
        scratch / "git",
        remote(f"far.example:{far}"),
        Signature("x", "x@example.org", int(time.time())),
        3000,
    )
    branch = Deployer(GitBranch(ours, "gh-pages", {".nojekyll": b"", "CNAME": None}), tree.folder)
    first = measure("git, everything", lambda: branch.deploy(None))
    same = measure("git, compared", lambda: branch.deploy(None))
    raw = Bare(scratch, tree.folder, scratch / "git")
    rounds: dict[str, list[tuple[float, float]]] = {
        "git": [],
        "theirs": [],
        "raw": [],
        "folder": [],
    }
    changes = [tree.change() for _ in range(repeats)]
    for each in changes:
        other_side.forget()
        rounds["git"].append(measure("git, a change", partial(branch.deploy, tree.again(each))))
        rounds["theirs"].append((other_side.cpu_s(), 0.0))
        rounds["raw"].append(measure("bare git, a change", partial(raw.deploy, each)))
    folder = Deployer(Folder(scratch / "mirror"), tree.folder)
    mirror = measure("folder, everything", lambda: folder.deploy(None))
    for each in changes:
        change = partial(folder.deploy, tree.again(each))
        rounds["folder"].append(measure("folder, a change", change))
    middle = {
        name: [statistics.median(each[index] for each in found) for index in (0, 1)]
        for name, found in rounds.items()
    }
    assert branch.sent is not None
    return {
        "files": branch.sent.files,
        "git_first_cpu_s": first[0],
        "git_compared_cpu_s": same[0],
        "folder_first_cpu_s": mirror[0],
        "git_change_theirs_cpu_s": middle.pop("theirs")[0],
        **{f"{name}_change_cpu_s": cpu for name, (cpu, _) in middle.items()},
        **{f"{name}_change_wall_s": wall for name, (_, wall) in middle.items()},
        "ratio": middle["git"][0] / middle["raw"][0],
        "remote_commits": int(git("--git-dir", far, "rev-list", "--all", "--count")),
        "raw_remote_commits": int(git("--git-dir", raw.far, "rev-list", "--all", "--count")),
        "tidy_cpu_s": measure("packed anew", lambda: _tidy(ours))[0],
        "own_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "child_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


def _tidy(repository: Repository) -> None:
    git("--git-dir", repository.folder, "repack", "-a", "-d", "-q", "--no-write-bitmap-index")
    git("--git-dir", repository.folder, "prune", "--expire=now")


if __name__ == "__main__":
    main()
