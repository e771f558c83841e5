"""How the database is reached, and what is told if it can't be."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.db import OperationalError, ProgrammingError

from ghost.core.config import database as connections
from ghost.core.config import env, listing
from ghost.core.db import snapshot

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
    )

    assert (made["HOST"], made["NAME"], made["PASSWORD"]) == ("db.example", "ghost", "")
    assert made["CONN_HEALTH_CHECKS"] is True
    assert made["OPTIONS"] == {
        "connect_timeout": "10",
        "application_name": "ghost",
        "sslmode": "verify-full",
        "options": "-c lock_timeout=20s -c jit=off -c work_mem=8MB",
    }


def test_without_an_address_it_is_sqlite(tmp_path):
    made = connections.settings("", tmp_path / "ghost.db")

    assert made["ENGINE"] == "ghost.core.db.sqlite"
    assert made["NAME"] == tmp_path / "ghost.db"


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
