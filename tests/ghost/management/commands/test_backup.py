"""manage.py backup, as people type it."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ghost.operations.backups.models import Backup

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(configure, tmp_path) -> Path:
    configure(
        database_url="", db_path=tmp_path / "db" / "ghost.db", secrets_dir=tmp_path / "secrets"
    )
    for name in ("db", "secrets"):
        (tmp_path / name).mkdir()
    with closing(sqlite3.connect(tmp_path / "db" / "ghost.db")) as live:
        live.execute("CREATE TABLE resources_resource (id INTEGER)")
    return tmp_path


def run(*args: str) -> str:
    out = io.StringIO()
    call_command("backup", *args, stdout=out)
    return out.getvalue().strip()


def test_one_is_created_listed_verified_and_restored(place):
    path = run("create")
    before = run("list")
    told = run("verify", path)

    assert path in before
    assert "full    not encrypted  not proven" in before
    assert told == f"{Path(path).name}: restored and counted: tables 1, rows 0, files 1."
    assert "full    not encrypted  proven" in run("list")
    assert "is restored" in run("restore", path)
    with pytest.raises(CommandError, match="no such file"):
        run("verify", "nothing.tar.gz")


def test_one_without_rows(place):
    path = run("create", "--type", "schema")

    assert Path(path).name.startswith("ghost-schema-")
    assert Backup.objects.get().kind == "schema"


def test_what_is_here_is_replaced_with_force_alone(place):
    path = run("create")
    with closing(sqlite3.connect(place / "db/ghost.db")) as live:
        live.execute("INSERT INTO resources_resource VALUES (7)")
        live.commit()

    with pytest.raises(CommandError, match="--force"):
        run("restore", path)
    told = run("restore", path, "--force")

    kept = Path(told.split("is kept in ")[1].split()[0])
    with (
        closing(sqlite3.connect(kept)) as former,
        closing(sqlite3.connect(place / "db/ghost.db")) as now,
    ):
        assert former.execute("SELECT id FROM resources_resource").fetchall() == [(7,)]
        assert now.execute("SELECT id FROM resources_resource").fetchall() == []
