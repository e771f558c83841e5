"""A builder that dies for real, on a database of its own."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest

from builds import reasons
from tests.installation import wait_for

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def ghost(tmp_path):
    """`ghost(command, **environment)`: start `manage.py` of an installation of its own."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GHOST_")} | {
        "DJANGO_SETTINGS_MODULE": "ghost.settings",
        "GHOST_ENV_FILE": os.devnull,
        "GHOST_SITE_LANGUAGES": "en",
        "GHOST_DB_PATH": str(tmp_path / "ghost.db"),
        "GHOST_SITE_WORKDIR": str(tmp_path / "site"),
        "GHOST_SECRETS_DIR": str(tmp_path / "secrets"),
        "GHOST_COVER_DIR": str(tmp_path / "covers"),
    }

    def start(command: str, **more: str) -> subprocess.Popen:
        argv = [sys.executable, str(ROOT / "manage.py"), command]
        return subprocess.Popen(
            argv, env=env | more, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    return start


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # nobody may be there to take its last words


def test_a_builder_killed_in_hugo_loses_nothing_and_holds_nobody_up(ghost, tmp_path):
    slow = tmp_path / "hugo"
    slow.write_text(
        f'#!/bin/sh\n[ "$1" = version ] && echo hugo v9 && exit\necho $$ > {tmp_path}/pid\nsleep 60\n'
    )
    slow.chmod(0o755)
    migrated = ghost("migrate")
    migrated.communicate()
    assert migrated.returncode == 0
    killed = ghost("build_site", GHOST_HUGO_BIN=str(slow))
    pid = tmp_path / "pid"
    wait_for("Hugo to run", lambda: pid.exists() and pid.read_text())

    with closing(sqlite3.connect(tmp_path / "ghost.db", timeout=1)) as database:
        # Hugo runs, and writers don't wait.
        database.execute("UPDATE ghost_catalog SET revision = revision + 1")
        database.commit()
        second = ghost("build_site")
        assert "Somebody else is building" in second.communicate()[1]
        assert second.returncode == 1
        killed.kill()
        killed.communicate()
        hugo = int(pid.read_text())
        try:
            wait_for("Hugo to end", lambda: not is_alive(hugo))
        finally:
            with suppress(ProcessLookupError):  # what it started; the group is its own
                os.killpg(hugo, signal.SIGKILL)
        database.execute("UPDATE builds_build SET lease_until = '2000-01-01 00:00:00'")
        database.commit()
    third = ghost("build_site")
    told, _ = third.communicate()

    assert third.returncode == 0
    assert json.loads(told.splitlines()[-1])["result"] == "done"
    assert (tmp_path / "site" / "public" / "index.html").exists()
    assert len(list((tmp_path / "site" / "releases").iterdir())) == 1
    with closing(sqlite3.connect(tmp_path / "ghost.db")) as database:
        rows = database.execute("SELECT state, error FROM builds_build ORDER BY id").fetchall()
    assert rows == [("failed", reasons.BUILDER_DIED().stored()), ("done", "")]
