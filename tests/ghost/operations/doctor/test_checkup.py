"""What the doctor looks at, and what it advises."""

from __future__ import annotations

import os
import shutil
import socket

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError
from django.db.migrations.recorder import MigrationRecorder
from pydantic import SecretStr

from builds.models import BuildState
from dht.engine import session
from ghost.core.db import migrations_state
from ghost.core.errors import OutageError
from ghost.core.io import mail
from ghost.core.text.reasons import words
from ghost.operations.doctor import checkup
from ghost.operations.doctor.checkup import Finding, Outcome
from ghost.operations.start import startup

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def prepared(configure, tmp_path):
    configure(secrets_dir=tmp_path / "secrets")
    startup.put_right()
    return tmp_path


def failed() -> dict[str, Finding]:
    return {each.name: each for each in checkup.findings() if each.outcome == Outcome.FAILED}


def test_a_sound_installation_has_nothing_to_mend():
    found = list(checkup.findings())

    assert failed() == {}
    assert {"version", "configuration", "machine", "hugo", "files", "database", "workers", "start"} <= {
        each.name for each in found
    }  # fmt: skip


def break_git(configure, monkeypatch, prepared):
    which = shutil.which
    monkeypatch.setattr(
        shutil, "which", lambda name, **kw: None if name == "git" else which(name, **kw)
    )


def break_hugo(configure, monkeypatch, prepared):
    configure(hugo_bin="no-such-hugo")


def break_hugo_itself(configure, monkeypatch, prepared):
    configure(hugo_bin="false")


def break_configuration(configure, monkeypatch, prepared):
    monkeypatch.setenv("GHOST_SITE_TITEL", "misspelt")


def break_secrets(configure, monkeypatch, prepared):
    (prepared / "secrets" / "admin-token").chmod(0o644)


def break_database_file(configure, monkeypatch, prepared):
    configure(db_path=prepared / "db" / "ghost.db")
    (prepared / "db").mkdir()
    (prepared / "db" / "ghost.db-wal").touch()
    (prepared / "db" / "ghost.db-wal").chmod(0o640)


def break_folder_above(configure, monkeypatch, prepared):
    prepared.chmod(0o777)


def break_env_file(configure, monkeypatch, prepared):
    (prepared / "ghost.env").touch()
    (prepared / "ghost.env").chmod(0o604)
    monkeypatch.setenv("GHOST_ENV_FILE", str(prepared / "ghost.env"))


def break_migrations(configure, monkeypatch, prepared):
    MigrationRecorder.Migration.objects.filter(app="builds").delete()


def break_database(configure, monkeypatch, prepared):
    def away():
        raise DatabaseError("gone")

    monkeypatch.setattr(migrations_state, "is_migrated", away)


def break_libtorrent(configure, monkeypatch, prepared):
    monkeypatch.setattr(session, "lt", None)


def break_redis(configure, monkeypatch, prepared):
    configure(redis_url="redis://:hidden@127.0.0.1:1/0")


def break_mail(configure, monkeypatch, prepared):
    def refuse():
        raise OutageError("mail.example sends no mail")

    configure(email_url="smtp://ada:secret@mail.example")
    monkeypatch.setattr(mail, "try_server", refuse)


def break_build(configure, monkeypatch, prepared):
    BuildState.get()
    BuildState.objects.update(last_error=words("hugo: exit 1"))


def break_groups(configure, monkeypatch, prepared):
    Group.objects.all().delete()


@pytest.mark.parametrize(
    ("damage", "name", "told"),
    [
        (break_git, "settings", "git was not found"),
        (break_hugo, "settings", "no-such-hugo"),
        (break_hugo_itself, "hugo", "false"),
        (break_configuration, "configuration", "GHOST_SITE_TITEL"),
        (break_secrets, "files", "admin-token"),
        (break_database_file, "files", "ghost.db-wal"),
        (break_folder_above, "files", "anyone can replace"),
        (break_env_file, "files", "ghost.env"),
        (break_migrations, "database", "not migrated"),
        (break_database, "database", "does not answer"),
        (break_libtorrent, "libtorrent", "can't be loaded"),
        (break_redis, "redis", "does not answer"),
        (break_mail, "mail", "mail.example"),
        (break_build, "build", "hugo: exit 1"),
        (break_groups, "start", "operators' groups"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_each_fault_is_found_with_what_to_do(configure, monkeypatch, prepared, damage, name, told):
    damage(configure, monkeypatch, prepared)

    found = failed()

    assert list(found) == [name]
    assert told in found[name].told
    assert "hidden" not in found[name].told
    assert found[name].advice


def hang():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.recv(1)
    yield Finding("never", Outcome.OK, "")


def find_and_hang():
    yield Finding("first", Outcome.OK, "")
    yield from hang()


def test_a_check_that_hangs_is_given_up_and_hides_no_other(monkeypatch):
    monkeypatch.setattr(checkup, "LONGEST_S", 0.05)
    monkeypatch.setattr(checkup, "CHECKS", (("slow", find_and_hang), ("logs", checkup._logs)))

    found = list(checkup.findings())

    assert [(each.name, each.outcome) for each in found[1:]] == [
        ("first", Outcome.OK),
        ("slow", Outcome.FAILED),
        ("logs", Outcome.OK),
    ]
    assert "given up" in found[2].told
    assert "does not answer" in found[2].advice
    assert found[2].seconds >= 0.05


def test_a_log_file_of_somebody_else_is_told(configure, monkeypatch, tmp_path):
    configure(log_dir=tmp_path)
    (tmp_path / "ghost.log").write_text("")
    monkeypatch.setattr(os, "access", lambda *_: False)

    [told] = checkup._logs()

    assert told.outcome == Outcome.FAILED
    assert told.advice.endswith(f'chown "$(id -un)" {tmp_path}/ghost.log')


def test_where_lines_and_errors_go_is_told_without_the_key(configure, tmp_path):
    configure(
        log_dir=tmp_path,
        sentry_enabled=True,
        sentry_dsn=SecretStr("https://zqkey@sentry.example.org/1"),
    )

    logs, sentry = checkup._logs()

    assert logs.told == f"on standard error and in {tmp_path}/ghost.log"
    assert sentry.told == "errors are told to sentry.example.org"
