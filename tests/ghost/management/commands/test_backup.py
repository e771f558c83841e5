"""manage.py backup, as people type it."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pyrage
import pytest
from django.core.management import CommandError, call_command

from ghost.operations.backups.models import Backup
from resources.models import Resource
from tests.resources.exchange.legacy.test_database import ADA, Old

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(configure, tmp_path, file_database) -> Path:
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


def earlier_backup(folder: Path, identity: pyrage.x25519.Identity) -> Path:
    """As the earlier Ghost made them: its SQLite file, through age."""
    old = Old(folder / "old.db")
    old.token(ADA)
    old.category(1)
    old.resource(title="From before")
    old.connection.close()
    path = folder / "ghost-db-20240506-070809.db.age"
    path.write_bytes(pyrage.encrypt((folder / "old.db").read_bytes(), [identity.to_public()]))
    return path


def test_a_backup_of_the_earlier_ghost_comes_in_with_one_command(place, configure):
    identity = pyrage.x25519.Identity.generate()
    (place / "key.txt").write_text(str(identity))
    path = earlier_backup(place, identity)
    with pytest.raises(CommandError, match="GHOST_AGE_IDENTITY_FILE"):
        run("restore", str(path))
    configure(age_identity_file=place / "key.txt")

    verified, told = run("verify", str(path)), run("restore", str(path))

    assert "a database of the earlier Ghost" in verified
    assert json.loads(told.splitlines()[-1])["created"] == 1
    assert Resource.objects.get().title == "From before"
    assert [each.name for each in place.rglob(".backup-*")] == []


def test_it_is_added_to_a_catalog_with_force_alone(place, configure):
    identity = pyrage.x25519.Identity.generate()
    (place / "key.txt").write_text(str(identity))
    configure(age_identity_file=place / "key.txt")
    path = earlier_backup(place, identity)
    with closing(sqlite3.connect(place / "db/ghost.db")) as live:
        live.execute("INSERT INTO resources_resource VALUES (7)")
        live.commit()

    with pytest.raises(CommandError, match="what is here stays"):
        run("restore", str(path))
    run("restore", str(path), "--force")

    assert Resource.objects.count() == 1


def test_what_is_no_database_of_it_is_refused(place):
    (place / "ghost-db-1.db").write_text("no database")

    with pytest.raises(CommandError, match="not one of Ghost"):
        run("restore", str(place / "ghost-db-1.db"))
