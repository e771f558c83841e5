"""What was taken down leaves every kind of target, whatever waits for an operator there."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from builds import deploy, tasks
from builds.deploy import targets
from builds.deploy import tasks as deploy_tasks
from builds.deploy.rsync import Rsync
from builds.engine import takedowns
from builds.models import Deployment
from builds.tree import releases
from resources.models import Resource
from tests import make
from tests.builds.catalog import work
from tests.builds.deployments import files

pytestmark = pytest.mark.django_db
Held = Callable[[], dict[str, bytes]]
OWN = {".nojekyll"}
"""Files of a pages branch alone."""


@pytest.fixture(params=["folder", "git", "rsync"])
def target(request, tmp_path, configure, monkeypatch) -> Held:
    """What the target holds."""
    there = tmp_path / "there"
    if request.param == "rsync" and shutil.which("rsync") is None and "CI" not in os.environ:
        pytest.skip("rsync is missing")
    if request.param == "rsync":
        there.mkdir()
        monkeypatch.setattr(targets, "configured", lambda: [Rsync(str(there), 30)])
    elif request.param == "folder":
        configure(deploy_target=str(there))
    else:
        remote = tmp_path / "remote.git"
        subprocess.run(["git", "init", "-q", "--bare", str(remote)], check=True)
        configure(pages_remote_url=str(remote))
        return lambda: _checked_out(remote, tmp_path / "checked-out")
    return lambda: files(there)


def _checked_out(remote: Path, folder: Path) -> dict[str, bytes]:
    shutil.rmtree(folder, ignore_errors=True)
    command = ["git", "clone", "-q", "-b", "gh-pages", str(remote), str(folder)]
    subprocess.run(command, check=True)
    shutil.rmtree(folder / ".git")
    return {path: body for path, body in files(folder).items() if path not in OWN}


@pytest.fixture
def rows() -> list[Resource]:
    """What is on the site and deployed; the first has everything, the last one names its hash."""
    category = make.category("All")
    first = work("Zqdoomed", cover="#aa0000", tags=["tag"], category=category)
    rest = [make.resource(title=f"Work {n}", category=category, tags=["tag"]) for n in range(39)]
    last = make.resource(title="Last", category=category, content_markdown=first.magnet_hash)
    tasks.build_now("test")
    return [first, *rest, last]


def take_down(*rows: Resource) -> None:
    Resource.objects.filter(pk__in=[row.pk for row in rows]).take_down(reason="x", by="test")


def naming(row: Resource, found: dict[str, bytes]) -> list[str]:
    words = [b"Zqdoomed", f"resources/{row.pk}/".encode(), f"covers/{row.pk}.".encode()]
    words += [each.encode() for each in row.hashes]
    return [
        path for path, body in found.items() if any(w in body or w in path.encode() for w in words)
    ]


def of_site() -> dict[str, bytes]:
    return files(releases.public().resolve())


@pytest.mark.parametrize("is_whole", [False, True], ids=["delta", "full build"])
def test_a_takedown_of_most_waits_for_nobody(target, rows, is_whole):
    take_down(*rows[:35])

    takedowns.take_off_site()
    if is_whole:
        tasks.build_now("test", force=True)
    deploy_tasks.deploy_removals()

    assert naming(rows[0], target()) == []
    assert target() == of_site()


@pytest.mark.parametrize("is_first", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("is_whole", [False, True], ids=["delta", "full build"])
def test_what_waits_for_an_operator_does_not_keep_it(target, rows, is_first, is_whole):
    assert naming(rows[0], target())
    if is_first:
        take_down(rows[0])
    Resource.objects.filter(pk__in=[row.pk for row in rows[1:31]]).withdraw()
    tasks.build_now("test", force=is_whole)
    if not is_first:
        assert naming(rows[0], target())
        take_down(rows[0])
        takedowns.take_off_site()

    deploy_tasks.deploy_removals()

    row = Deployment.objects.get()
    assert (row.state, row.is_held, row.deletions is not None) == ("held", True, True)
    assert naming(rows[0], target()) == []
    assert all(f"resources/{row.pk}/index.html" in target() for row in rows[1:])
    row.allow()
    report = deploy.deploy_published(is_asked=True)
    assert report.is_ok
    assert target() == of_site()


def test_other_deletions_still_wait(target, rows):
    Resource.objects.filter(pk__in=[row.pk for row in rows[1:31]]).withdraw()
    before = target()

    tasks.build_now("test")

    assert Deployment.objects.get().is_held
    assert target() == before


def test_it_is_asked_for_once_and_again_when_it_failed(target, rows, monkeypatch, configure):
    take_down(rows[0])
    takedowns.take_off_site()
    assert deploy_tasks.ask_for_removals()
    assert not deploy_tasks.ask_for_removals()

    deploy_tasks.deploy_removals()

    assert not deploy_tasks.ask_for_removals()
    assert Deployment.objects.get().is_current
