"""Where archives lie: the folder, its room, and what was proven there."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from types import SimpleNamespace

import pyrage
import pytest
from django.conf import settings
from pydantic import SecretStr

from ghost.core.config import env
from ghost.core.errors import OutageError, RefusedError
from ghost.operations import backups, checks, file_modes


@pytest.fixture
def place(configure, tmp_path) -> Path:
    configure(
        database_url="", db_path=tmp_path / "db" / "ghost.db", secrets_dir=tmp_path / "secrets"
    )
    (tmp_path / "db").mkdir()
    (tmp_path / "secrets").mkdir()
    with closing(sqlite3.connect(tmp_path / "db" / "ghost.db")) as live:
        live.execute("CREATE TABLE resources_resource (id INTEGER)")
    return tmp_path


def in_public_site(place, configure):
    return settings.GHOST.site_workdir / "public" / "backups"


def in_deployment(place, configure):
    configure(deploy_target=str(place / "www"))
    return place / "www" / "backups"


def too_long(place, configure):
    return place / ("x" * 300) / "backups"


def below_a_file(place, configure):
    return place / "db" / "ghost.db" / "backups"


def dangling(place, configure):
    (place / "link").symlink_to(place / "nowhere")
    return place / "link"


def of_the_kernel(place, configure):
    return Path("/proc/ghost-backups")


@pytest.mark.parametrize(
    "where", [in_public_site, in_deployment, too_long, below_a_file, dangling, of_the_kernel]
)
def test_a_folder_that_cannot_be_used_is_told_and_refused(place, configure, where):
    configure(backup_dir=where(place, configure))

    told = list(checks.backup_folder())
    with pytest.raises(RefusedError, match="GHOST_BACKUP_DIR"):
        backups.write()

    assert [each.id for each in told] == ["ghost.E011"]
    assert told[0].hint
    checks.installation()  # and nothing else fails of it
    file_modes.put_right()
    with suppress(OutageError):
        assert backups.list_all() == []


@pytest.mark.parametrize("name", ["secrets_dir", "cover_dir", "magnet_metadata_dir", "backup_dir"])
def test_a_private_folder_inside_the_public_site_is_told(place, configure, name):
    configure(**{name: settings.GHOST.site_workdir / "public" / "x"})

    (told,) = (each for each in checks.installation() if each.id == "ghost.E013")

    assert f"GHOST_{name.upper()}" in told.msg


def test_a_disk_without_room_is_told_before_anything_is_written(place, monkeypatch):
    usage = SimpleNamespace(total=10**9, used=10**9, free=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)

    with pytest.raises(OutageError, match="100 B are free"):
        backups.write()

    assert list(settings.GHOST.backup_dir.iterdir()) == []


def test_what_a_killed_backup_left_goes(place):
    backups.write()
    left = settings.GHOST.backup_dir / ".backup-killed"
    left.mkdir()
    (left / "ghost.db").touch()
    os.utime(left, (0, 0))

    backups.write()

    assert not left.exists()
    assert {path.stat().st_mode & 0o777 for path in settings.GHOST.backup_dir.iterdir()} == {0o600}


@pytest.fixture
def identity(configure, tmp_path) -> pyrage.x25519.Identity:
    made = pyrage.x25519.Identity.generate()
    (tmp_path / "key.txt").write_text(str(made))
    configure(age_recipient=str(made.to_public()), age_identity_file=tmp_path / "key.txt")
    return made


def test_keys_that_the_environment_gave_come_to_a_bare_machine(
    place, configure, identity, tmp_path
):
    configure(token_pepper=SecretStr(settings.TOKEN_PEPPER), token_salt=SecretStr("salty-salt"))
    made = backups.write()
    bare = tmp_path / "bare"
    fresh = settings.GHOST.model_copy()
    fresh.model_fields_set.discard("token_salt")
    settings.GHOST = fresh
    configure(
        db_path=bare / "db/ghost.db", secrets_dir=bare / "secrets", token_pepper=None,
        token_salt=SecretStr("default-salt"),
    )  # fmt: skip
    settings.GHOST.model_fields_set.discard("token_salt")

    done = backups.restore(made.path)

    assert env.secret(settings.GHOST, "token_pepper") == settings.TOKEN_PEPPER
    assert env.secret(settings.GHOST, "secret_key") == settings.SECRET_KEY
    assert env.kept_secret(settings.GHOST, "earlier_token_pepper") == settings.TOKEN_PEPPER
    assert env.kept_secret(settings.GHOST, "token_salt") == "salty-salt"
    assert done.notes == []


def test_a_key_in_the_environment_that_is_another_one_is_told(place, configure, identity, settings):
    made = backups.write()
    settings.TOKEN_PEPPER = "another pepper, of this machine"
    configure(token_pepper=SecretStr(settings.TOKEN_PEPPER))

    done = backups.restore(made.path)

    assert len(done.notes) == 1
    assert "GHOST_TOKEN_PEPPER is set to another value" in done.notes[0]


def test_the_age_program_writes_and_reads_backups_too(place, configure, identity):
    configure(age_bin="age")

    made = backups.write()

    assert pyrage.decrypt(made.path.read_bytes(), [identity])
    assert len(backups.read_whole(made.path).files) > 1


def test_what_the_age_program_refuses_is_told(place, configure, identity):
    configure(age_bin="age", age_recipient="age1nonsense")

    with pytest.raises(
        RefusedError, match="GHOST_AGE_BIN could not handle GHOST_AGE_RECIPIENT: age: error"
    ):
        backups.write()

    assert list(settings.GHOST.backup_dir.iterdir()) == []
