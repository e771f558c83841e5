"""A process that is killed amid a backup or a restore leaves nothing half, at whichever of its steps.

A stride of 1 (`create:1`) tries every step, and takes a minute.
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


def killed(actions: str, values: dict[str, str], configure) -> dict[str, list[dict]]:
    """What there was after each kill, by action; the last one of each is of a run that was not killed. All in one
    process: to start one costs more than the kills."""
    configure(
        **{
            name: Path(value) if name.endswith(("_dir", "_path", "_file")) else value
            for name, value in values.items()
        }
    )
    made = backups.write()
    done = subprocess.run(
        [sys.executable, "-m", MODULE, actions, json.dumps(values), str(made.path)],
        cwd=BASE_DIR, capture_output=True, text=True, timeout=300, check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("GHOST_")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Error" not in done.stderr, done.stderr
    found: dict[str, list[dict]] = {}
    for told in map(json.loads, done.stdout.splitlines()):
        found.setdefault(told["action"], []).append(told)
    assert [each[-1]["was_killed"] for each in found.values()] == [False] * len(found), done.stderr
    return found


def states(found: list[dict]) -> set[str]:
    return {each for told in found for each in told["state"]}


def test_making_proving_and_restoring_leave_nothing_half(place, configure):
    found = killed("create:6,verify:6,restore:4", place, configure)

    assert [len(found[action]) >= 4 for action in ("create", "verify")] == [True, True]
    assert states(found["create"]) == states(found["verify"]) == {"former"}
    assert len(found["restore"]) >= 8
    assert {tuple(each["state"]) for each in found["restore"]} == {("former",), ("kept",)}
    assert found["restore"][-1]["state"] == ["kept"]
    assert [each for told in found.values() for each in told if each["left"]] == []


def test_on_postgresql_too(postgres_place, configure):
    found = killed("verify:12,restore:12", postgres_place, configure)

    assert states(found["verify"]) == {"former"}
    assert {tuple(each["state"]) for each in found["restore"]} <= {("former",), ("kept",)}
    assert found["restore"][-1]["state"] == ["kept"]
    assert [e for told in found.values() for e in told if e["left"] or e["scratch"]] == []
