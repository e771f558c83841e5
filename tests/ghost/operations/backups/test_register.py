"""What is written down of backups, what rotation drops, and copies at a second place."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.utils import timezone

from ghost.core.config import env
from ghost.core.errors import OutageError, RefusedError
from ghost.operations import checks
from ghost.operations.backups import Kind, archive, list_all, register
from ghost.operations.backups.models import Backup
from tests.results import said

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def place(configure, tmp_path) -> Path:
    configure(
        database_url="", db_path=tmp_path / "db" / "ghost.db", secrets_dir=tmp_path / "secrets",
        backup_keep_daily=0, backup_keep_weekly=0, backup_keep_monthly=0,
    )  # fmt: skip
    for name in ("db", "secrets"):
        (tmp_path / name).mkdir()
    with closing(sqlite3.connect(tmp_path / "db" / "ghost.db")) as live:
        live.execute("CREATE TABLE resources_resource (id INTEGER)")
        live.execute("INSERT INTO resources_resource VALUES (7)")
        live.commit()
    return tmp_path


def names() -> list[str]:
    return [each.path.name for each in list_all()]


def test_old_backups_go_and_the_last_proven_one_stays(configure):
    configure(backup_keep=2)
    proven = register.create()
    register.prove(proven.path)

    made = [register.create().path.name for _ in range(4)]

    assert names() == [*made[:1:-1], proven.path.name]
    assert list(Backup.objects.values_list("name", flat=True)) == names()


PLANTED = "ghost-99991231T235959999999Z.tar.gz"


def test_a_name_from_the_future_is_the_newest_for_nobody(configure):
    configure(backup_keep=1)
    settings.GHOST.backup_dir.mkdir(parents=True)
    (settings.GHOST.backup_dir / PLANTED).write_bytes(b"no archive")

    _, last = register.create(), register.create()

    assert names() == [last.path.name, PLANTED]
    assert last.path.name in str(register.prove_newest())
    assert [row.name for row in Backup.objects.newest_first(timezone.now())] == names()


@pytest.mark.parametrize("name", [PLANTED, "ghost-00010101T000000000000Z.tar.gz", "ghost-x.tar.gz"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_every_moment_can_be_told_in_every_zone(tmp_path, name, zone):
    (tmp_path / name).touch()
    os.utime(tmp_path / name, (2**40, 2**40))  # the year 36812, where the disk knows it

    made_at = archive.of(tmp_path / name).created_at

    assert timezone.localtime(made_at, ZoneInfo(zone)).tzinfo


def test_those_without_rows_are_counted_for_themselves(configure):
    configure(backup_keep=1)

    full, schema = register.create(), register.create(Kind.SCHEMA)

    assert names() == [schema.path.name, full.path.name]
    assert [row.kind for row in Backup.objects.all()] == ["schema", "full"]
    assert register.prove(schema.path).rows == 0


def test_when_one_was_read_and_proven_is_known():
    made = register.create()
    row = Backup.objects.get()
    before = row.read_at, row.is_proven

    register.read_whole(made)
    found = register.prove(made.path)

    row.refresh_from_db()
    assert before == (None, None)
    assert row.read_at
    assert (row.is_proven, row.tables, row.rows, found.rows) == (True, 1, 1, 1)


def test_a_failed_proof_is_noted_with_its_reason():
    made = register.create()
    made.path.write_bytes(b"rotten")

    with pytest.raises(RefusedError):
        register.prove(made.path)

    row = Backup.objects.get()
    assert row.is_proven is False
    assert "is damaged" in str(row.proof)


def test_files_that_came_or_went_by_hand_are_seen():
    made = register.create()
    shutil.copy(made.path, made.path.with_name("ghost-20200101T000000000000Z.tar.gz"))
    made.path.unlink()

    register.refresh()

    assert [row.created_at.year for row in Backup.objects.all()] == [2020]


def plant_loop(path: Path) -> None:
    path.symlink_to(path.name)


def plant_folder(path: Path) -> None:
    path.mkdir()


def plant_file(path: Path) -> None:
    path.write_text("x")


@pytest.mark.parametrize(
    ("name", "plant"),
    [
        ("ghost-a.tar.gz", plant_loop),
        ("ghost-a.tar.gz", plant_folder),
        (os.fsdecode(b"ghost-\xff.tar.gz"), plant_file),
        ("ghost-\x1b[31m\n.tar.gz", plant_file),
        (f"ghost-{'x' * 230}.tar.gz", plant_file),
    ],
    ids=["loop", "folder", "no text", "terminal", "long"],
)
def test_what_no_backup_can_be_hinders_none(configure, tmp_path, name, plant):
    configure(backup_keep=1)
    register.create()
    plant(tmp_path / "backups" / name)

    made = register.create()

    assert names() == [made.path.name]
    assert os.path.lexists(tmp_path / "backups" / name)


def test_one_that_is_a_link_is_proven_under_its_own_name(tmp_path):
    made = register.create()
    made.path.rename(tmp_path / "elsewhere.tar.gz")
    made.path.symlink_to(tmp_path / "elsewhere.tar.gz")

    register.prove_newest()

    assert Backup.objects.get(name=made.path.name).is_proven


def test_one_whose_key_is_elsewhere_is_not_proven_and_that_is_said(configure, tmp_path):
    made = register.create()
    made.path.rename(made.path.with_name(made.path.name + ".age"))

    assert "its key is elsewhere" in said(register.prove_newest().plain())


# -- the second place


@pytest.fixture
def second(configure, tmp_path) -> Path:
    folder = tmp_path / "second"
    folder.mkdir()
    configure(backup_copy_to=str(folder))
    return folder


def test_what_is_made_is_copied_and_what_rotation_drops_goes_there_too(second, configure):
    configure(backup_keep=1)
    first = register.create()
    register.copy_due()
    there = [path.name for path in second.iterdir()]

    register.create()
    told = said(register.copy_due().plain())

    assert there == [first.path.name]
    assert [path.name for path in second.iterdir()] == names()
    assert told == "copied 1 backup to the second place"
    assert (second / names()[0]).read_bytes() == list_all()[0].path.read_bytes()
    assert (second / names()[0]).stat().st_mode & 0o777 == 0o600
    assert Backup.objects.get().copied_at


def test_what_is_strange_to_it_stays_at_the_second_place(second, configure):
    configure(backup_keep=1)
    (second / "ghost-20200101T000000000000Z.tar.gz").write_bytes(b"another's")
    for _ in range(2):
        register.create()
        register.copy_due()

    assert len(list(second.iterdir())) == 2


def test_a_place_that_is_away_is_tried_again_later_and_nothing_fills_its_mount_point(second):
    made = register.create()
    second.rmdir()

    with pytest.raises(OutageError, match="is its disk mounted"):
        register.copy_due()
    told = said(register.copy_due().plain())  # not before its time
    row = Backup.objects.get()
    second.mkdir()
    Backup.objects.update(copy_due_at=timezone.now() - timedelta(seconds=1))
    register.copy_due()

    assert not second.exists() or [path.name for path in second.iterdir()] == [made.path.name]
    assert told == "nothing to do"
    assert row.copy_tries == 1
    assert row.copy_due_at
    assert row.copy_due_at > timezone.now() + timedelta(minutes=4)
    assert Backup.objects.get().copied_at
    assert not Backup.objects.get().copy_error


def test_a_second_place_that_everybody_could_read_gets_nothing_and_doctor_says_so(configure):
    public = settings.GHOST.site_workdir / "public" / "backups"
    public.mkdir(parents=True)
    configure(backup_copy_to=str(public))
    register.create()

    with pytest.raises(RefusedError, match="part of what is published"):
        register.copy_due()

    assert list(public.iterdir()) == []
    assert [each.id for each in checks.backup_folder()] == ["ghost.E018"]


def test_a_backup_is_made_although_the_second_place_is_away(second):
    from ghost.operations import tasks

    second.rmdir()

    assert "written and read again" in said(tasks.back_up())
    assert Backup.objects.get().copy_tries == 1


def test_another_place_gets_all_of_them(second, configure, tmp_path):
    register.create()
    register.copy_due()
    (tmp_path / "third").mkdir()
    configure(backup_copy_to=str(tmp_path / "third"))

    register.copy_due()

    assert [path.name for path in (tmp_path / "third").iterdir()] == names()


def test_another_host_is_reached_by_rsync(configure, tmp_path, monkeypatch):
    """ssh is played by a program that runs here what it is to run there."""
    (tmp_path / "there").mkdir()
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\nwhile [ "$1" != rsync ]; do shift; done\nexec "$@"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("RSYNC_RSH", str(ssh))
    configure(backup_copy_to=f"backup@host:{tmp_path}/there", backup_keep=1)
    (tmp_path / "there" / "other.txt").touch()

    for _ in range(2):
        register.create()
        register.copy_due()

    assert sorted(path.name for path in (tmp_path / "there").iterdir()) == [*names(), "other.txt"]


def test_rsync_s_words_are_kept(configure, monkeypatch):
    monkeypatch.setenv("RSYNC_RSH", "false")
    configure(backup_copy_to="backup@host:/there")
    register.create()

    with pytest.raises(OutageError, match="rsync"):
        register.copy_due()

    assert "rsync" in str(Backup.objects.get().copy_error)


@pytest.mark.parametrize(
    "value", ["-e evil", "https://host/x", "rsync://user:pass@host/x", "var/backups", "a\nb"]
)
def test_a_second_place_that_cannot_be_one_is_refused_at_the_start(value, monkeypatch):
    monkeypatch.setenv("GHOST_BACKUP_COPY_TO", value)
    monkeypatch.setenv("GHOST_BACKUP_DIR", str(env.BASE_DIR / "var/backups"))

    with pytest.raises(env.ConfigError, match="GHOST_BACKUP_COPY_TO"):
        env.load()
