"""A bare repository, and what its pages branch holds."""

from __future__ import annotations

import os
import subprocess
import textwrap
from pathlib import Path

import pytest

from builds.deploy.fast_import import Signature
from builds.deploy.git import GitBranch
from builds.deploy.remotes import remote
from builds.deploy.repository import Repository
from tests.builds.deployments import files, write

EXTRA = {".nojekyll": b"", "CNAME": b"catalog.example.org\n"}


BY = Signature("ghost-bot", "bot@example.org", 1_700_000_000)


ODD = {
    'tags/安全 "quoted"/index.html': b"\xff\x00\r\n",
    "a.b/x": b"sorts",
    "a/x": b"like",
    "a-b/x": b"git",
    ".gitattributes": b"* text eol=crlf filter=x\n",
    "crlf.txt": b"one\r\ntwo\r\n",
    "empty": b"",
}


def git(where: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(where), *arguments], capture_output=True, check=True, timeout=20
    )
    return done.stdout.decode()


def held(bare: Path, branch: str = "gh-pages") -> dict[str, bytes]:
    """What the branch holds."""
    lines = git(bare, "ls-tree", "-r", "-z", branch).split("\0")[:-1]
    blobs = [line.partition("\t")[0].split()[2] for line in lines]
    told = subprocess.run(
        ["git", "-C", str(bare), "cat-file", "--batch"],
        input="\n".join(blobs).encode(), capture_output=True, check=True, timeout=20,
    ).stdout  # fmt: skip
    found = {}
    for line in lines:
        head, _, told = told.partition(b"\n")
        size = int(head.split()[2])
        found[line.partition("\t")[2]], told = told[:size], told[size + 1 :]
    return found


@pytest.fixture
def bare(tmp_path) -> Path:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "remote.git")], check=True)
    return tmp_path / "remote.git"


@pytest.fixture
def pages(tmp_path) -> Path:
    found = {f"resources/{number}/index.html": b"page %d" % number for number in range(1, 30)}
    write(tmp_path / "pages", found | {"index.html": b"home", "404.html": b"none"})
    return tmp_path / "pages"


@pytest.fixture
def branch(tmp_path, bare):
    """`branch(force=True)`: a target that pushes to the bare repository."""

    def make(url: str = "", *, extra=EXTRA, timeout_s=60, **more) -> GitBranch:
        repository = Repository(
            tmp_path / "deploy" / "git", remote(url or str(bare)), BY, timeout_s
        )
        return GitBranch(repository, "gh-pages", extra, **more)

    return make


def plus(folder: Path) -> dict[str, bytes]:
    """The site with what is of the branch alone."""
    return files(folder) | EXTRA


@pytest.fixture
def program(tmp_path, monkeypatch):
    """`program(script)`: a `git` that comes before the real one, as `$real`."""

    def put(script: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout
        (folder / "git").write_text(f"#!/bin/sh\nreal={real.strip()}\n{textwrap.dedent(script)}\n")
        (folder / "git").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    return put
