"""Backups are proven by restoring them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import lzma
import os
import shutil
import sqlite3
import subprocess
import tarfile
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pyrage
import pytest
from django.conf import settings

from ghost.core.errors import OutageError, RefusedError
from ghost.operations import backups
from ghost.operations.backups import archive, restoring
from ghost.operations.backups.databases import sqlite_file
from ghost.operations.start import startup


@pytest.fixture
def place(configure, tmp_path):
    """A small installation."""
    configure(
        database_url="", db_path=tmp_path / "db" / "ghost.db", secrets_dir=tmp_path / "secrets"
    )
    for folder, name, body in (
        ("db", None, None),
        ("magnet-metadata", "a.json", "{}"),
        ("covers", "1.webp", "pixels"),
        ("secrets", "token_pepper", "pepper"),
    ):
        (tmp_path / folder).mkdir(exist_ok=True)
        if name:
            (tmp_path / folder / name).write_text(body)
    with closing(sqlite3.connect(tmp_path / "db" / "ghost.db", isolation_level=None)) as live:
        live.execute("PRAGMA journal_mode=WAL")
        live.execute("CREATE TABLE resources_resource (id INTEGER)")
        live.execute("CREATE TABLE note (words TEXT)")
        live.execute("INSERT INTO note VALUES ('kept')")
    return tmp_path


def words(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        return [row[0] for row in database.execute("SELECT words FROM note")]


def damage(place: Path) -> None:
    with closing(sqlite3.connect(place / "db/ghost.db", isolation_level=None)) as live:
        live.execute("DELETE FROM note")
    (place / "covers/1.webp").unlink()
    (place / "magnet-metadata/a.json").write_text("spoilt")


def test_restore_brings_back_what_was_there(place):
    archive = backups.write()
    damage(place)

    kept = backups.restore(archive.path).kept

    assert words(place / "db/ghost.db") == ["kept"]
    assert (place / "covers/1.webp").read_text() == "pixels"
    assert (place / "magnet-metadata/a.json").read_text() == "{}"
    assert len(kept) == 2  # of an empty folder there is nothing to keep
    assert all(Path(path).exists() for path in kept)


def test_what_is_restored_is_not_on_the_site_before_a_build_says_so(place):
    with closing(sqlite3.connect(place / "db/ghost.db", isolation_level=None)) as live:
        live.execute("CREATE TABLE ghost_change (resource_id INTEGER, on_site_at TEXT)")
        live.execute("CREATE TABLE builds_buildstate (on_site_as_of TEXT)")
        live.execute("INSERT INTO ghost_change VALUES (7, '2026-01-31 10:00:00')")
        live.execute("INSERT INTO builds_buildstate VALUES ('2026-01-31 10:00:00')")

    backups.restore(backups.write().path)

    with closing(sqlite3.connect(place / "db/ghost.db")) as restored:
        rows = restored.execute("SELECT * FROM ghost_change, builds_buildstate")
        assert list(rows) == [(7, None, None)]


def test_create_includes_what_is_not_checkpointed_yet(place):
    with closing(sqlite3.connect(place / "db/ghost.db", isolation_level=None)) as live:
        live.execute("PRAGMA journal_mode=WAL")
        live.execute("INSERT INTO note VALUES ('only in the log')")
        archive = backups.write()

    with tarfile.open(archive.path) as tar:
        names = tar.getnames()
        tar.extract("db/ghost.db", place / "out", filter="data")
    assert names == ["db/ghost.db", "metadata/a.json", "covers/1.webp", "manifest.json"]
    assert words(place / "out/db/ghost.db") == ["kept", "only in the log"]
    assert archive.path.stat().st_mode & 0o777 == 0o600


def test_encrypted_backup_needs_the_identity_and_holds_the_pepper(place, configure, tmp_path):
    identity = pyrage.x25519.Identity.generate()
    configure(age_recipient=str(identity.to_public()))
    archive = backups.write()
    assert archive.is_encrypted
    with pytest.raises(RefusedError, match="GHOST_AGE_IDENTITY_FILE"):
        backups.read_whole(archive.path)
    key = tmp_path / "key.txt"
    key.write_text(f"# a comment\n{identity}\n")
    configure(age_identity_file=key, age_recipient="")  # as on a new machine
    (place / "secrets/token_pepper").write_text("lost")

    backups.restore(archive.path)

    assert (place / "secrets/token_pepper").read_text() == settings.TOKEN_PEPPER


@pytest.mark.skipif(
    shutil.which("age") is None and not os.environ.get("CI"), reason="age is not installed"
)
def test_age_itself_can_read_an_encrypted_backup(place, configure, tmp_path):
    """The format is age's: nobody needs Ghost to get at a backup."""
    identity = pyrage.x25519.Identity.generate()
    configure(age_recipient=str(identity.to_public()))
    archive = backups.write()
    (tmp_path / "key.txt").write_text(str(identity))

    done = subprocess.run(
        ["age", "--decrypt", "--identity", tmp_path / "key.txt", archive.path],
        capture_output=True,
        check=True,
    )

    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        assert "db/ghost.db" in tar.getnames()


def test_another_identity_is_refused(place, configure, tmp_path):
    configure(age_recipient=str(pyrage.x25519.Identity.generate().to_public()))
    archive = backups.write()
    (tmp_path / "key.txt").write_text(str(pyrage.x25519.Identity.generate()))
    configure(age_identity_file=tmp_path / "key.txt")

    with pytest.raises(RefusedError, match="can't be decrypted"):
        backups.read_whole(archive.path)


@pytest.mark.parametrize("spoil", ["cut", "flip", "text", "missing file"])
def test_a_damaged_backup_is_refused_and_nothing_is_touched(place, spoil):
    path = backups.write().path
    body = path.read_bytes()
    if spoil == "cut":
        path.write_bytes(body[: len(body) // 2])
    elif spoil == "flip":
        path.write_bytes(body[:200] + bytes([body[200] ^ 1]) + body[201:])
    elif spoil == "text":
        path.write_text("not a backup")
    else:
        with tarfile.open(path) as old, tarfile.open(place / "new.tar.gz", "w:gz") as new:
            for member in old:
                if not member.name.endswith(".webp"):
                    new.addfile(member, old.extractfile(member))
        (place / "new.tar.gz").replace(path)
    damage(place)

    with pytest.raises(RefusedError):
        backups.restore(path)

    assert words(place / "db/ghost.db") == []
    assert list(place.glob("*.replaced-*")) == []


def packed(path: Path, members: dict[str, bytes], link: str = "") -> Path:
    """An archive with a true manifest, and perhaps a link for one of its files."""
    files = [
        {"path": name, "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
        for name, body in members.items()
    ]
    with tarfile.open(path, "w:gz") as tar:
        for name, body in {
            **members,
            "manifest.json": json.dumps({"files": files}).encode(),
        }.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
        if link:
            info = tarfile.TarInfo("covers/1.webp")
            info.type, info.linkname = tarfile.SYMTYPE, link
            tar.addfile(info)
    return path


def database_of(folder: Path, table: str) -> bytes:
    with closing(sqlite3.connect(folder / "x.db")) as database:
        database.execute(f"CREATE TABLE {table} (id INTEGER)")
    return (folder / "x.db").read_bytes()


@pytest.mark.parametrize(
    ("table", "link", "reason"),
    [
        ("stranger", "", "not one of Ghost"),
        ("resources_resource", "../secrets/secret_key", "damaged or not a backup"),
    ],
)
def test_a_foreign_or_hostile_archive_is_refused(place, tmp_path, table, link, reason):
    body = database_of(tmp_path, table)
    path = packed(tmp_path / "ghost-x.tar.gz", {"db/ghost.db": body}, link)

    with pytest.raises(RefusedError, match=reason):
        backups.restore(path)

    assert words(place / "db/ghost.db") == ["kept"]


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "covers/../../x", "other/x", "covers/a/b", f"covers/{'é' * 128}"]
)
def test_a_member_of_another_name_is_refused(place, tmp_path, name):
    body = database_of(tmp_path, "resources_resource")
    path = packed(tmp_path / "ghost-x.tar.gz", {"db/ghost.db": body, name: b"x"})

    with pytest.raises(RefusedError, match="damaged or not a backup"):
        backups.restore(path)

    assert words(place / "db/ghost.db") == ["kept"]


def test_a_time_that_no_disk_can_have_is_damage(place, tmp_path):
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as tar:
        info = tarfile.TarInfo("manifest.json")
        info.mtime = 1e30
        tar.addfile(info)

    with pytest.raises(RefusedError, match="damaged or not a backup"):
        backups.read_whole(tmp_path / "x.tar.gz")


def test_an_archive_of_another_compression_is_none_of_ours(place, tmp_path):
    body = lzma.compress(gzip.decompress(backups.write().path.read_bytes()))
    (tmp_path / "x.tar.gz").write_bytes(body[:-99] + bytes([body[-99] ^ 85]) + body[-98:])

    with pytest.raises(RefusedError, match="damaged or not a backup"):
        backups.read_whole(tmp_path / "x.tar.gz")


def test_what_would_fill_the_disk_is_not_unpacked(place, tmp_path, monkeypatch):
    body = database_of(tmp_path, "resources_resource")
    bomb = packed(
        tmp_path / "ghost-x.tar.gz", {"covers/1.webp": bytes(3_000_000), "db/ghost.db": body}
    )
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000_000))

    with pytest.raises(OutageError, match="no room"):
        backups.read_whole(bomb)

    assert bomb.stat().st_size < 100_000


def test_a_database_with_a_trigger_is_refused(place, tmp_path):
    database_of(tmp_path, "resources_resource")
    with closing(sqlite3.connect(tmp_path / "x.db")) as database:
        database.execute(
            "CREATE TRIGGER later AFTER INSERT ON resources_resource BEGIN SELECT 1; END"
        )
    path = packed(tmp_path / "ghost-x.tar.gz", {"db/ghost.db": (tmp_path / "x.db").read_bytes()})

    with pytest.raises(RefusedError, match="not one of Ghost"):
        backups.restore(path)


@pytest.mark.parametrize(
    "manifest",
    [
        "[]",
        '{"files": [5]}',
        '{"files": [{"path": 1}]}',
        "nonsense",
        "[" * 200_000,
        '{"files": [], "tables": []}',
    ],
    ids=lambda text: text[:20],
)
def test_a_manifest_of_another_shape_is_refused(place, tmp_path, manifest):
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as tar:
        info = tarfile.TarInfo("manifest.json")
        info.size = len(manifest)
        tar.addfile(info, io.BytesIO(manifest.encode()))

    with pytest.raises(RefusedError, match="damaged or not a backup"):
        backups.read_whole(tmp_path / "x.tar.gz")


def test_restore_is_refused_while_somebody_has_the_database_open(place):
    path = backups.write().path
    damage(place)
    with closing(sqlite3.connect(place / "db/ghost.db")) as worker:
        worker.execute("PRAGMA journal_mode=WAL")
        worker.execute("SELECT * FROM note").fetchall()

        with pytest.raises(RefusedError, match="stop web and worker first"):
            backups.restore(path)

    assert words(place / "db/ghost.db") == []
    assert list(place.glob("*.replaced-*")) == []


def test_a_backup_that_cannot_be_written_is_told(place, configure, tmp_path):
    (tmp_path / "file").touch()
    configure(db_path=tmp_path / "file" / "ghost.db")

    with pytest.raises(OutageError):
        backups.write()


def interrupted(path: Path, monkeypatch) -> None:
    """A restore whose process ended once its plan stood."""
    with monkeypatch.context() as patched:
        patched.setattr(restoring, "_carry_out", lambda plan: exit_now())
        with pytest.raises(SystemExit):
            backups.restore(path)


def exit_now() -> None:
    raise SystemExit


@pytest.mark.django_db
def test_a_start_finishes_a_restore_that_was_interrupted(place, monkeypatch):
    path = backups.write().path
    damage(place)
    interrupted(path, monkeypatch)
    before = words(place / "db/ghost.db")

    startup.Start().attempt()

    assert before == []
    assert words(place / "db/ghost.db") == ["kept"]
    assert (place / "covers/1.webp").read_text() == "pixels"
    assert backups.finish_interrupted() is False


def test_a_second_restore_waits_for_nobody(place, tmp_path):
    path = backups.write().path

    with archive.locked(tmp_path / "backups"), pytest.raises(RefusedError, match="Another restore"):
        backups.restore(path)


def test_a_disk_without_room_for_both_is_told_before_anything_is_touched(place, monkeypatch):
    path = backups.write().path
    damage(place)
    monkeypatch.setattr(sqlite_file, "_size", lambda path: 10**18)

    with pytest.raises(OutageError, match="what it replaces is kept"):
        backups.restore(path)

    assert words(place / "db/ghost.db") == []
    assert list(place.rglob("*.replaced-*")) == []
