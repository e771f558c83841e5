"""Sites that are published, and targets that they are deployed to."""

from __future__ import annotations

import subprocess
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

import pytest

from builds import deploy
from builds.deploy.target import Holding, Sent, Site, Target
from builds.tree import releases
from builds.tree.patches import TreeChanges
from ghost.core.circuits import Circuit
from tests.presence import present


def write(folder: Path, files: dict[str, bytes]) -> None:
    for path, body in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


class Published:
    """A public folder whose states have tokens."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.token = "state-1"
        self.changes: TreeChanges | None = None
        self.asked: list[str] = []
        pages = {f"resources/{number}/index.html": b"page %d" % number for number in range(100)}
        write(folder, pages | {"index.html": b"home"})

    def next(self, changed: dict[str, bytes], removed: Collection[str] = frozenset()) -> None:
        write(self.folder, changed)
        for path in removed:
            (self.folder / path).unlink()
        self.token = f"state-{int(self.token[6:]) + 1}"
        self.changes = TreeChanges(set(changed), set(removed))

    def since(self, token: str) -> TreeChanges | None:
        self.asked.append(token)
        return self.changes

    def deploy(self, **kwargs):
        return deploy.deploy(self.folder, self.token, self.since, **kwargs)


@pytest.fixture
def site() -> Published:
    draft = releases.begin(1)
    releases.prepare(draft, "state-1")
    releases.publish(draft)
    return Published(releases.public().resolve())


@pytest.fixture
def target_folder(tmp_path, configure) -> Path:
    """A folder that is deployed to."""
    configure(deploy_target=str(tmp_path / "there"))
    return tmp_path / "there"


@pytest.fixture
def pages_remote(tmp_path, configure) -> Path:
    """A repository that is deployed to."""
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "remote.git")], check=True)
    configure(pages_remote_url=str(tmp_path / "remote.git"))
    return tmp_path / "remote.git"


def tip(pages_remote: Path) -> str:
    done = subprocess.run(
        ["git", "-C", str(pages_remote), "rev-parse", "gh-pages"], capture_output=True, check=True
    )
    return done.stdout.decode().strip()


def let_time_pass(minutes: float) -> None:
    circuit = Circuit.objects.get()
    Circuit.objects.update(open_until=present(circuit.open_until) - timedelta(minutes=minutes))


@pytest.fixture
def broken(target_folder) -> Path:
    """The target's folder is a file."""
    target_folder.write_bytes(b"in the way")
    return target_folder


def some(count: int) -> set[str]:
    return {f"resources/{number}/index.html" for number in range(count)}


@pytest.fixture
def waiting(site, target_folder) -> Published:
    """Half of the site is gone, and nobody allowed it yet."""
    site.deploy()
    site.next({"index.html": b"new"}, some(50))
    site.deploy()
    return site


@pytest.fixture
def published(settings, tmp_path) -> Path:
    """A release that is public; its site."""
    draft = releases.begin(1)
    write(draft.site, {f"resources/{n}/index.html": b"x" for n in range(60)} | {"index.html": b"h"})
    releases.prepare(draft, "f" * 32)
    releases.publish(draft)
    return releases.public().resolve()


def everything(paths) -> None:
    """A guard that lets all pass."""


def send(target: Target, published: Site, before: Sent | None = None, guard=everything) -> Sent:
    """`before`: what the target answered the last time."""
    holding = Holding(True, before.commit, before.files) if before else Holding()
    return target.send(published, holding, guard)
