"""How the database is reached, and what is told if it can't be."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import OperationalError, ProgrammingError
from django.db import connections as django_connections
from django.db.backends.postgresql.base import DatabaseWrapper

from ghost.core.config import database as connections
from ghost.core.config import env, listing, role
from ghost.core.db import snapshot
from ghost.core.db.outages import is_busy

SECRET = "pa%2Fss%40w0rd"


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        (
            f"postgres://ada:{SECRET}@db.example:5433/ghost?sslmode=require&connect_timeout=3",
            {"user": "ada", "password": "pa/ss@w0rd", "host": "db.example", "port": "5433",
             "dbname": "ghost", "sslmode": "require", "connect_timeout": "3"},
        ),
        ("postgresql:///ghost?host=/run/postgresql", {"dbname": "ghost", "host": "/run/postgresql"}),
        ("postgresql://[::1]/ghost", {"host": "::1", "dbname": "ghost"}),
    ],
)  # fmt: skip
def test_parse_reads_what_psql_does(address, parts):
    assert connections.parse(address) == parts


@pytest.mark.parametrize(
    "address",
    [
        "mysql://ada:s3cret@db.example/ghost",
        "ghost.db",
        "postgres://ada:s3cret@db.example",
        "postgres://ada:s3cret@db.example:port/ghost",
        "postgres://ada:s3cret@db.example:70000/ghost",
        "postgres://ada:s3cret%zz@db.example/ghost",
        "postgres://ada:s3 cret@db.example/ghost",
        "postgres://ada:s3@cret@db.example/ghost",
        "postgres://ada:s3/cret@db.example/ghost",
        "postgres://ada:s3cret@db.example/ghost?sslmoed=require",
    ],
)
def test_what_is_no_address_is_told_without_its_password(monkeypatch, address):
    monkeypatch.setenv("GHOST_DATABASE_URL", address)

    with pytest.raises(env.ConfigError) as caught:
        env.load()

    [problem] = caught.value.problems
    assert problem.startswith("GHOST_DATABASE_URL: ")
    assert "cret" not in problem


def test_a_misspelt_option_is_named(monkeypatch):
    monkeypatch.setenv("GHOST_DATABASE_URL", "postgres://db.example/ghost?sslmoed=require")

    with pytest.raises(env.ConfigError, match='parameter: "sslmoed"'):
        env.load()


def test_a_password_with_an_at_sign_is_not_shown_either():
    address = f"https://ada:x@{SECRET}@host.example/a.git"

    assert connections.masked(address) == "https://***@host.example/a.git"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (f"postgres://ada:{SECRET}@db.example/ghost", "postgres://***@db.example/ghost"),
        (
            "postgres://db.example/ghost?password=x&sslpassword=y&sslmode=require",
            "postgres://db.example/ghost?password=***&sslpassword=***&sslmode=require",
        ),
    ],
)
def test_the_password_is_never_shown(monkeypatch, address, shown):
    monkeypatch.setenv("GHOST_DATABASE_URL", address)

    told = {row.name: row.value for row in listing.describe(env.load())}

    assert told["GHOST_DATABASE_URL"] == shown


def test_options_go_with_ours(tmp_path):
    made = connections.settings(
        "postgresql://db.example/ghost?sslmode=verify-full&options=-c%20work_mem%3D8MB",
        tmp_path / "unused.db",
        connections.Patience(7, 30),
    )

    assert (made["HOST"], made["NAME"], made["PASSWORD"]) == ("db.example", "ghost", "")
    assert made["CONN_HEALTH_CHECKS"] is True
    assert made["OPTIONS"] == {
        "connect_timeout": "7",
        "application_name": "ghost",
        "sslmode": "verify-full",
        "options": "-c lock_timeout=7s -c statement_timeout=30s -c jit=off -c work_mem=8MB",
    }


def test_without_an_address_it_is_sqlite(tmp_path):
    made = connections.settings("", tmp_path / "ghost.db", connections.Patience(7))

    assert made["ENGINE"] == "ghost.core.db.sqlite"
    assert made["NAME"] == tmp_path / "ghost.db"
    assert made["OPTIONS"]["timeout"] == 7


@pytest.mark.parametrize(("is_web", "patience"), [(True, (5, 30, 0)), (False, (30, 0, 0))])
def test_the_web_server_fails_fast_and_the_others_are_patient(monkeypatch, is_web, patience):
    monkeypatch.setattr(role, "_is_web", is_web)

    found = env.load().database_patience

    assert (found.lock_s, found.query_s, found.pool) == patience


def test_a_pool_is_shared_by_the_threads_of_a_web_process(monkeypatch, tmp_path):
    monkeypatch.setattr(role, "_is_web", True)
    monkeypatch.setenv("GHOST_DATABASE_POOL_SIZE", "6")

    made = connections.settings(
        "postgresql://db.example/ghost", tmp_path / "x", env.load().database_patience
    )

    assert made["OPTIONS"]["pool"] == {"min_size": 1, "max_size": 6, "timeout": 5}
    assert made["CONN_MAX_AGE"] == 0


def test_a_pool_that_is_too_small_is_refused(monkeypatch):
    monkeypatch.setenv("GHOST_DATABASE_POOL_SIZE", "3")

    with pytest.raises(env.ConfigError, match="must be 0, or 4 at least"):
        env.load()


def _manage(*args: str, address: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", *args],
        cwd=env.BASE_DIR,
        env=os.environ
        | {"DJANGO_SETTINGS_MODULE": "ghost.settings", "GHOST_DATABASE_URL": address},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_config_validate_tells_that_nobody_answers(tmp_path):
    done = _manage("config", "validate", address=f"postgresql:///ghost?host={tmp_path}")

    assert done.returncode == 1
    assert "config: GHOST_DATABASE_URL: " in done.stderr
    assert "Start PostgreSQL, or correct the address." in done.stderr


def test_commands_say_in_a_line_what_is_wrong_with_the_database(postgres, tmp_path):
    empty = postgres.replace("/ghost?", "/postgres?")
    asked = {
        postgres.replace("/ghost?", "/nowhere?"): "The database can't be reached (",
        f"postgresql:///ghost?host={tmp_path}": "The database can't be reached (",
        empty: "The database is not prepared (",
    }

    for address, told in asked.items():
        done = _manage("issue_token", "Admin", "Ada", address=address)
        assert done.returncode == 1
        assert done.stderr.startswith(told), done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_config_validate_is_content_with_postgresql(postgres):
    done = _manage("config", "validate", address=postgres)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OperationalError("no such table: x"), "is not prepared"),
        (OperationalError("database is locked"), ""),
        (ProgrammingError("syntax error"), ""),
        (ValueError("no such table: x"), ""),
    ],
)
def test_trouble_is_what_an_operator_can_mend(error, told):
    assert told in snapshot.trouble(error)
    assert bool(told) == bool(snapshot.trouble(error))


def _connection(address: str, patience: connections.Patience) -> Any:
    made = connections.settings(address, Path("unused"), patience)
    found: Any = DatabaseWrapper(django_connections.settings["default"] | made, "pooled")
    return found


@pytest.mark.django_db
def test_time_outs_are_those_of_the_role(postgres):
    ours = _connection(postgres, connections.Patience(3, 7))

    with ours.cursor() as cursor:
        shown = [
            cursor.execute(f"SHOW {name}").fetchone()[0]
            for name in ("lock_timeout", "statement_timeout")
        ]
    ours.close()

    assert shown == ["3s", "7s"]


@pytest.mark.django_db
def test_a_pool_bounds_connections_and_who_gets_none_in_time_is_told(postgres):
    patience = connections.Patience(1, 0, 4)
    inside, go_on = Barrier(5), Event()

    def hold() -> None:
        ours = _connection(postgres, patience)
        ours.ensure_connection()
        inside.wait(30)
        go_on.wait(30)
        ours.close()

    def late() -> bool:
        try:
            _connection(postgres, patience).ensure_connection()
        except OperationalError as error:
            return is_busy(error)
        return False

    with ThreadPoolExecutor(4) as pool:
        held = [pool.submit(hold) for _ in range(4)]
        inside.wait(30)
        refused = late()
        go_on.set()
        for each in held:
            each.result()
    after = _connection(postgres, patience)
    after.ensure_connection()
    after.close()
    after.close_pool()

    assert refused
