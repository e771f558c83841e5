"""A plain folder, and another host by the real rsync."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from builds.deploy.folder import Folder
from builds.deploy.rsync import Rsync
from builds.deploy.target import HeldError, Holding, Sent, Site
from builds.tree.patches import TreeChanges
from ghost.core.errors import OutageError, RefusedError
from ghost.core.text.reasons import words

needs_rsync = pytest.mark.skipif(
    shutil.which("rsync") is None and os.environ.get("CI") != "true", reason="rsync is missing"
)


def write(folder: Path, files: dict[str, bytes]) -> None:
    for path, body in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def folders(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_dir()}


def everything(paths) -> None:
    """A guard that lets all pass."""


def send(target, site: Site, before: Sent | None = None, guard=everything) -> Sent:
    holding = Holding(True, "", before.files) if before else Holding()
    return target.send(site, holding, guard)


@pytest.fixture
def public(tmp_path) -> Path:
    pages = {f"resources/{number}/index.html": b"page %d" % number for number in range(1, 8)}
    odd = {'tags/安全 "q" *[x]/index.html': b"\xff\x00", "empty": b"", "-dash": b"d"}
    write(tmp_path / "public", pages | odd | {"index.html": b"home", "only/child.html": b"x"})
    return tmp_path / "public"


@pytest.fixture
def daemon(tmp_path):
    """An rsync daemon on loopback that serves the folder `there` as its module `site`."""
    (tmp_path / "there").mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = tmp_path / "rsyncd.conf"
    config.write_text(
        f"use chroot = no\nlog file = {tmp_path}/rsyncd.log\npid file = {tmp_path}/rsyncd.pid\n"
        f"[site]\npath = {tmp_path}/there\nread only = no\n"
        + ("uid = 0\ngid = 0\n" if os.geteuid() == 0 else "")
    )
    running = subprocess.Popen(
        ["rsync", "--daemon", "--no-detach", "--address=127.0.0.1", f"--port={port}", f"--config={config}"]
    )  # fmt: skip
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.02)
    yield f"rsync://127.0.0.1:{port}/site/sub folder"
    running.terminate()
    running.wait()


@pytest.fixture
def ssh(tmp_path, monkeypatch) -> str:
    """A program named `ssh` that runs on this machine what it is told to run elsewhere."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "ssh").write_text(
        '#!/bin/sh\nwhile [ "$1" != host.example ]; do shift; done\nshift\nexec sh -c "$*"\n'
    )
    (folder / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    (tmp_path / "there").mkdir()
    return f"host.example:{tmp_path}/there/sub folder"


@pytest.fixture(params=["folder", "daemon", "ssh"])
def target(request, tmp_path):
    """Each kind of target for the folder `there/sub folder`."""
    if request.param == "folder":
        return Folder(tmp_path / "there/sub folder")
    if shutil.which("rsync") is None and os.environ.get("CI") != "true":
        pytest.skip("rsync is missing")
    return Rsync(request.getfixturevalue(request.param), 30)


@pytest.fixture
def there(tmp_path) -> Path:
    return tmp_path / "there/sub folder"


def test_the_first_deployment_brings_the_whole_site(target, public, there):
    sent = send(target, Site(public))

    assert files(there) == files(public)
    assert (sent.files, sent.changed, sent.removed) == (12, 12, 0)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in there.rglob("*")}
    assert modes == {0o755, 0o644}


@pytest.mark.parametrize("is_known", [True, False])
def test_changes_come_and_what_is_gone_goes_with_its_folders(target, public, there, is_known):
    first = send(target, Site(public))
    (public / "resources/3/index.html").write_bytes(b"page X")  # of the same size and second
    write(public, {"new/deep/page.html": b"new"})
    (public / "only/child.html").unlink()
    (public / "only").rmdir()
    (public / "empty").unlink()
    changes = TreeChanges(
        {"resources/3/index.html", "new/deep/page.html"}, {"only/child.html", "empty", "never"}
    )
    asked: list[Any] = []

    second = send(target, Site(public, changes if is_known else None), first, asked.append)

    assert files(there) == files(public)
    assert folders(there) == folders(public)
    assert (second.files, second.removed) == (11, 2)
    assert set(asked[0]) - {"never"} == {"only/child.html", "empty"}


def test_a_comparison_brings_back_what_somebody_changed_there(target, public, there):
    first = send(target, Site(public))
    write(there, {"index.html": b"hack", "strange/file.html": b"hack"})

    second = send(target, Site(public), first)

    assert files(there) == files(public)
    assert (second.changed, second.removed, second.files) == (1, 1, 12)


def test_a_guard_hears_of_files_that_others_put_there_before_anything_is_done(
    target, public, there
):
    write(there, {"photos/1.jpg": b"mine", "notes.txt": b"mine"})

    def guard(paths):
        raise HeldError(words(",".join(sorted(paths))), len(paths), "digest")

    with pytest.raises(HeldError, match=r"^notes.txt,photos/1.jpg$"):
        send(target, Site(public), None, guard)

    assert files(there) == {"photos/1.jpg": b"mine", "notes.txt": b"mine"}


def test_nothing_is_written_when_nothing_changed(target, public, there):
    first = send(target, Site(public))
    before = {path: path.stat().st_ino for path in there.rglob("*")}

    same = send(target, Site(public), first)

    assert (same.changed, same.removed, same.files) == (0, 0, 12)
    assert {path: path.stat().st_ino for path in there.rglob("*")} == before


def test_a_deployment_that_was_cut_short_is_completed(target, public, there):
    """Killed in the middle: some files are there, some are not."""
    first = send(target, Site(public))
    write(public, {"index.html": b"new", "resources/1/index.html": b"new"})
    (public / "empty").unlink()
    write(there, {"index.html": b"new"})
    changes = TreeChanges({"index.html", "resources/1/index.html"}, {"empty"})

    send(target, Site(public, changes), first)

    assert files(there) == files(public)


def test_a_file_takes_the_place_of_a_folder_and_back(target, public, there):
    first = send(target, Site(public))
    shutil.rmtree(public / "only")
    write(public, {"only": b"a file", "index.html.d/x": b"x"})

    second = send(target, Site(public), first)

    assert files(there) == files(public)
    assert second.files == 13


# -- a folder


def test_a_folder_that_is_not_there_is_made(public, tmp_path):
    send(Folder(tmp_path / "a/b"), Site(public))

    assert files(tmp_path / "a/b") == files(public)


def test_links_in_the_folder_are_replaced_and_never_followed(public, tmp_path):
    there, outside = tmp_path / "there", tmp_path / "outside"
    write(outside, {"index.html": b"mine", "resources/1/index.html": b"mine", "x": b"mine"})
    there.mkdir()
    (there / "index.html").symlink_to(outside / "index.html")
    (there / "resources").symlink_to(outside / "resources")
    (there / "stray").symlink_to(outside)
    kept = files(outside)

    send(Folder(there), Site(public))

    assert files(outside) == kept
    assert files(there) == files(public)
    assert [path for path in there.rglob("*") if path.is_symlink()] == []


def test_a_link_in_the_site_is_refused(public, tmp_path):
    (public / "passwd").symlink_to("/etc/passwd")

    with pytest.raises(RefusedError, match="passwd is a symbolic link"):
        send(Folder(tmp_path / "there"), Site(public))


def test_a_disk_that_takes_no_more_leaves_whole_files(public, tmp_path):
    there = tmp_path / "there"
    first = send(Folder(there), Site(public))
    write(public, {"index.html": b"n" * 50_000})
    site = Site(public, TreeChanges({"index.html"}, set()))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(OutageError, match="File too large"):
            send(Folder(there), site, first)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    kept = files(there)
    send(Folder(there), site, first)

    assert kept["index.html"] == b"home"
    assert set(kept) == set(files(public))  # and no draft
    assert files(there) == files(public)


CHILD = """
import sys, os, signal, django; django.setup()
from pathlib import Path
from builds.deploy.folder import Folder
from builds.deploy.target import Holding, Site
from tests.builds.deploy.test_folder import everything
written = 0
def die(self, site, path, replace=Folder._replace):
    global written
    written += 1
    if written == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, site, path)
Folder._replace = die
Folder(Path(sys.argv[2])).send(Site(Path(sys.argv[1])), Holding(), everything)
"""


def test_killed_in_the_middle_the_next_deployment_completes_it(public, tmp_path):
    there = tmp_path / "there"

    killed = subprocess.run(
        [sys.executable, "-c", CHILD, str(public), str(there)],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}, check=False, timeout=30,
    )  # fmt: skip
    half = files(there)
    send(Folder(there), Site(public))

    assert killed.returncode == -9
    assert len(half) == 4
    assert files(there) == files(public)


# -- rsync


@needs_rsync
def test_a_host_that_is_not_there_is_an_outage(public):
    with pytest.raises(OutageError, match="rsync failed"):
        send(Rsync("rsync://127.0.0.1:9/site", 10), Site(public))


@needs_rsync
def test_rsync_that_hangs_ends_on_time(public, tmp_path, monkeypatch):
    (tmp_path / "ssh").write_text("#!/bin/sh\nsleep 30\n")
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    with pytest.raises(OutageError, match="stopped after"):
        send(Rsync("host.example:/srv/site", 0.5), Site(public))
