"""A process that is killed amid a backup or a restore leaves nothing half, at whichever of its steps.

A stride of 1 tries every step, and takes a minute.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pyrage
import pytest
from psycopg import sql

from ghost.core.config.env import BASE_DIR
from ghost.operations import backups

MODULE = "tests.ghost.operations.backups.killing"
TABLES = """
CREATE TABLE auth_user (id int PRIMARY KEY, username text, password text);
CREATE TABLE django_migrations (id int PRIMARY KEY, name text);
CREATE TABLE resources_resource (id int PRIMARY KEY);
INSERT INTO resources_resource VALUES (2);
"""


@pytest.fixture
def place(configure, tmp_path) -> dict[str, str]:
    """The configuration of an installation with a backup."""
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(str(identity))
    values = {
        "database_url": "", "db_path": str(tmp_path / "db/ghost.db"), "secrets_dir": str(tmp_path / "secrets"),
        "cover_dir": str(tmp_path / "covers"), "magnet_metadata_dir": str(tmp_path / "metadata"),
        "backup_dir": str(tmp_path / "backups"), "age_recipient": str(identity.to_public()),
        "age_identity_file": str(tmp_path / "key"),
    }  # fmt: skip
    for name, file in (("covers", "1.webp"), ("metadata", "a.json"), ("secrets", "note")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text("kept")
    (tmp_path / "db").mkdir()
    with closing(sqlite3.connect(tmp_path / "db/ghost.db")) as database:
        database.executescript(TABLES)
    return values


@pytest.fixture
def postgres_place(place, postgres) -> dict[str, str]:
    name = f"k_{datetime.now(UTC):%H%M%S%f}"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    address = postgres.replace("/ghost?", f"/{name}?")
    with psycopg.connect(address) as db:
        db.execute(TABLES)
    return place | {"database_url": address}


def killed(action: str, values: dict[str, str], configure, stride: int) -> list[dict]:
    """What there was after each kill; the last one is of a run that was not killed."""
    configure(
        **{
            name: Path(value) if name.endswith(("_dir", "_path", "_file")) else value
            for name, value in values.items()
        }
    )
    made = backups.write()
    done = subprocess.run(
        [sys.executable, "-m", MODULE, action, json.dumps(values), str(made.path), str(stride)],
        cwd=BASE_DIR, capture_output=True, text=True, timeout=300, check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("GHOST_")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert not found[-1]["was_killed"], done.stderr
    assert "Error" not in done.stderr, done.stderr
    return found


@pytest.mark.parametrize("action", ["create", "verify"])
def test_making_and_proving_leave_nothing_behind(action, place, configure):
    found = killed(action, place, configure, 6)

    assert len(found) >= 4
    assert {tuple(each["state"]) for each in found} == {("former",)}
    assert [each for each in found if each["left"]] == []


def test_a_restore_is_done_or_not_begun(place, configure):
    found = killed("restore", place, configure, 4)

    assert len(found) >= 8
    assert {tuple(each["state"]) for each in found} == {("former",), ("kept",)}
    assert found[-1]["state"] == ["kept"]
    assert [each for each in found if each["left"]] == []


@pytest.mark.parametrize("action", ["verify", "restore"])
def test_on_postgresql_too(action, postgres_place, configure):
    found = killed(action, postgres_place, configure, 12)

    assert {tuple(each["state"]) for each in found} <= {("former",), ("kept",)}
    assert found[-1]["state"] == [{"verify": "former", "restore": "kept"}[action]]
    assert [each for each in found if each["left"] or each["scratch"]] == []
