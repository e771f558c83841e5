"""A plain folder that is deployed to."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import pytest

from builds.deploy.folder import Folder
from builds.deploy.target import Site
from builds.tree.patches import TreeChanges
from ghost.core.errors import OutageError, RefusedError
from tests.builds.deployments import files, send, write

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
from tests.builds.deployments import everything
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
