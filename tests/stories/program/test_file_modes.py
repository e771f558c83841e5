"""Who may read what an installation leaves on the disk, whatever umask it was started with."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ghost.core.config.env import BASE_DIR
from tests.installation import Installation

NOBODY = 65534
ROUND = """
import os, sys
os.sync = os.fsync = lambda *_: None  # only a power loss needs the disk
import django; django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connections
from dht.engine import session
from ghost.operations import backups
from tests.builds.catalog import Catalog

call_command("prepare")
User.objects.create_superuser("op", password=sys.argv[1])
catalog = Catalog.fill()
for step in (["build_site"], ["build_site", "--force"]):
    call_command(*step)
catalog.edit()
call_command("build_site")
call_command("deploy_site")
session.session().save_state(now=True)
session.close()
archive = backups.write()
connections.close_all()
backups.restore(archive.path, force=True)
"""


@pytest.fixture
def folder():
    """One that anybody can pass, as those of pytest are not."""
    path = Path(tempfile.mkdtemp(prefix="ghost-modes-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=lambda umask: f"{umask:03o}")
def place(request, folder) -> Installation:
    """An installation after a round of everything that it writes."""
    bare = ["git", "init", "--quiet", "--bare", folder / "pages.git"]
    subprocess.run(bare, umask=0o022, check=True)
    place = Installation(
        folder / "var",
        GHOST_DB_PATH=str(folder / "var" / "db" / "ghost.db"),
        GHOST_DEPLOY_TARGET=str(folder / "www" / "site"),
        GHOST_PAGES_REMOTE_URL=str(folder / "pages.git"),
        GHOST_SITE_LANGUAGES="en",
        GHOST_DHT_LISTEN_INTERFACES="127.0.0.1:0",
        GHOST_DHT_BOOTSTRAP_NODES="127.0.0.1:1",
    )
    subprocess.run(
        [sys.executable, "-c", ROUND, "a pass phrase"],
        cwd=BASE_DIR, env=place.env, umask=request.param, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return place


def below(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if not path.is_symlink()}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def readable(paths: set[Path]) -> set[Path]:
    """Those that somebody else than the owner can read, or list, knowing where they are."""
    listed = subprocess.run(
        ["sh", "-c", 'while IFS= read -r path; do [ -r "$path" ] && echo "$path"; done; true'],
        input="\n".join(map(str, paths)) + "\n", user=NOBODY, group=NOBODY, extra_groups=[],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return {Path(line) for line in listed.splitlines()}


def test_others_read_the_public_site_and_nothing_else(place):
    var, www = place.folder, place.folder.parent / "www"
    public = (var / "site" / "public").resolve()
    passable = {var, var / "site", public.parent.parent, public.parent}
    written = below(var)

    modes = {path: mode(path) for path in written}

    assert {mode(path) for path in passable} == {0o711}
    for top in (public, www):
        assert {mode(path) for path in below(top) if path.is_dir()} == {0o755}
        assert {mode(path) for path in below(top) if path.is_file()} == {0o644}
    # What is kept of earlier states are links to files that were public, in a folder that is closed.
    closed = {public.parent / "deltas", var / "site" / "deploy"}
    closed |= set(public.parent.parent.iterdir()) - {public.parent}
    inner = {path for path in written for top in (public, *closed) if path.is_relative_to(top)}
    rest = {path: modes[path] for path in written - inner - passable}
    assert {mode(path) for path in closed} == {0o700}
    assert {path: f"{found:o}" for path, found in rest.items() if found & 0o077} == {}
    kinds = {path.relative_to(var).parts[0] for path in written}
    assert {"db", "secrets", "metadata", "covers", "site", "backups"} <= kinds
    assert {"ghost.db", "dht.state", "password-hashing-1.lock"} <= {p.name for p in written}
    if os.geteuid():
        pytest.skip("only root can try it as somebody else")
    deployed = below(www) | below(www.with_name("pages.git"))
    assert readable(written | deployed) == below(public) | {public} | deployed
