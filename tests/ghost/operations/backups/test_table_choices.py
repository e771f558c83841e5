"""What of each table gets into a backup: seen in the bytes of real ones."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pyrage
import pytest
from django.apps import apps
from django.conf import settings

from ghost.operations import backups
from ghost.operations.backups import table_choices
from ghost.operations.backups.table_choices import ENCRYPTED, KEPT, LEFT_OUT

pytestmark = pytest.mark.django_db  # so that there is one to copy
LEAKED = "planted-in-{}"


def test_each_table_has_a_choice():
    models = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}

    assert set(table_choices.CHOICES) == models | {"django_migrations"}
    assert len(table_choices.CHOICES) == len(KEPT) + len(LEFT_OUT) + len(ENCRYPTED)


@pytest.fixture
def database(empty_database, configure, tmp_path) -> Path:
    """One with a row in every table that not every backup has."""
    if empty_database is None:
        pytest.skip("its file is SQLite's: PostgreSQL has databases/test_postgres.py")
    shutil.copyfile(empty_database, tmp_path / "ghost.db")
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "admin-token").write_text(LEAKED.format("file"))
    configure(database_url="", db_path=tmp_path / "ghost.db", secrets_dir=secrets)
    with closing(sqlite3.connect(tmp_path / "ghost.db")) as live:
        live.execute("PRAGMA ignore_check_constraints=ON")
        for table in (*LEFT_OUT, *ENCRYPTED, "auth_user"):
            plant(live, table)
        live.execute("PRAGMA secure_delete=OFF")
        for number in range(200):  # ended sessions: free pages, that still hold what they held
            plant(live, "django_session", session_key=f"{number} {LEAKED.format('freed')}" * 9)
        live.commit()
        live.execute("DELETE FROM django_session WHERE session_key LIKE '%freed%'")
        live.commit()
    return tmp_path / "ghost.db"


def plant(live: sqlite3.Connection, table: str, **values: object) -> None:
    """A row with its table's name in each column that takes a text."""
    columns = {
        name: values.get(
            name, 1 if "INT" in kind or kind == "bool" else f'"{LEAKED.format(table)}"'
        )
        for _, name, kind, *_ in live.execute(f"PRAGMA table_info({table})")
    }
    marks = ", ".join("?" for _ in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    live.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(columns.values()))


def leaks(tarball: bytes) -> set[str]:
    body = gzip.decompress(tarball)
    names = (*LEFT_OUT, *ENCRYPTED, "auth_user", "file", "freed")
    return {name for name in names if LEAKED.format(name).encode() in body}


def test_a_backup_that_is_not_encrypted_opens_nothing(database):
    before = database.read_bytes()

    archive = backups.write()

    assert b"freed" in before
    body = archive.path.read_bytes()
    assert leaks(body) == {"auth_user"}  # their names; their passwords are another marker below
    for secret in (settings.SECRET_KEY, settings.TOKEN_PEPPER):
        assert secret.encode() not in gzip.decompress(body)


def test_passwords_are_withheld_where_a_backup_is_not_encrypted(database):
    with closing(sqlite3.connect(database)) as live:
        live.execute("UPDATE auth_user SET password = 'a-hash-of-a-password'")
        live.commit()

    archive = backups.write()

    assert b"a-hash-of-a-password" not in gzip.decompress(archive.path.read_bytes())


def test_an_encrypted_backup_has_keys_and_second_factors_and_nobody_s_session(
    database, configure, tmp_path
):
    identity = pyrage.x25519.Identity.generate()
    configure(age_recipient=str(identity.to_public()))

    archive = backups.write()

    body = pyrage.decrypt(archive.path.read_bytes(), [identity])
    assert leaks(body) == {*ENCRYPTED, "auth_user", "file"}
    for secret in (settings.SECRET_KEY, settings.TOKEN_PEPPER):
        assert secret.encode() in gzip.decompress(body)
    assert LEAKED.format("django_session").encode() not in gzip.decompress(body)


def test_passwords_and_second_factors_of_today_outlive_a_restore(database):
    with closing(sqlite3.connect(database)) as live:
        live.execute("UPDATE auth_user SET password = 'hash', username = 'ada'")
        live.commit()
    archive = backups.write()
    with closing(sqlite3.connect(database)) as live:
        live.execute("UPDATE auth_user SET password = 'newer hash'")
        live.execute("DELETE FROM resources_resource")
        live.commit()

    done = backups.restore(archive.path, force=True)

    with closing(sqlite3.connect(database)) as live:
        assert live.execute("SELECT password FROM auth_user").fetchall() == [("newer hash",)]
        assert live.execute("SELECT count(*) FROM mfa_authenticator").fetchone() == (1,)
        assert live.execute("SELECT count(*) FROM django_session").fetchone() == (0,)
    assert done.notes == []


def test_who_has_no_password_after_a_restore_elsewhere_is_told(database, configure, tmp_path):
    archive = backups.write()
    configure(db_path=tmp_path / "elsewhere" / "ghost.db")

    done = backups.restore(archive.path)

    assert len(done.notes) == 1
    assert "1 operator has no password" in done.notes[0]
