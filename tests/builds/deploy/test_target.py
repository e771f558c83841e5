"""Each kind of target for a folder ends with the same files."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from builds.deploy.folder import Folder
from builds.deploy.rsync import Rsync
from builds.deploy.target import HeldError, Site
from builds.tree.patches import TreeChanges
from ghost.core.text.reasons import words
from tests.builds.deployments import files, send, write


def folders(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_dir()}


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
    deadline = time.monotonic() + 60
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
        raise HeldError(words(",".join(sorted(paths))), paths)

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


def test_changes_are_told_apart_by_what_is_there_now(public):
    changes = TreeChanges({"index.html", "went.html"}, {"-dash", "gone.html"})

    assert Site(public, changes).split() == (["-dash", "index.html"], ["gone.html", "went.html"])
    with pytest.raises(ValueError, match="nothing is known"):
        Site(public).split()


def test_paths_name_a_folders_own_files_before_those_below_it(tmp_path):
    write(tmp_path, {"b/x": b"", "a/z/y": b"", "a/q": b"", "c": b""})

    assert list(Site(tmp_path).paths()) == ["c", "a/q", "a/z/y", "b/x"]
