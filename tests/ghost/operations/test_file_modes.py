"""What an earlier version left open is closed at a start, and told by the doctor."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from builds.tree import releases
from ghost.operations import file_modes


@pytest.fixture
def place(configure, tmp_path) -> Path:
    """An installation as one left it that was started with umask 0022."""
    mask = os.umask(0o022)
    configure(
        db_path=tmp_path / "db" / "ghost.db",
        secrets_dir=tmp_path / "secrets",
        site_workdir=tmp_path / "site",
    )
    release = "site/releases/20260101T000000Z-1"
    for name in (
        "db/ghost.db", "db/ghost.db-wal", "db/ghost.db-shm", "db/dht.state", "secrets/token_pepper",
        "magnet-metadata/a.json", "covers/1.webp", "backups/ghost-1.tar.gz", "magnet-tmp/x/y",
        f"{release}/site/index.html", f"{release}/state.json", f"{release}/deltas/1/old/index.html",
        "site/releases/20250101T000000Z-0/site/index.html", "site/deploy/git/config", "site/merge.lock",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    releases.public().symlink_to(f"releases/{Path(release).name}/site")
    os.umask(mask)
    return tmp_path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_stood_open_is_closed_at_a_start(place):
    before = {each.path.relative_to(place).as_posix() for each in file_modes.too_wide()}

    file_modes.put_right()

    assert {"db/ghost.db", "db/ghost.db-wal", "db", "magnet-metadata/a.json", "covers/1.webp",
            "secrets/token_pepper", "backups/ghost-1.tar.gz", "site/deploy"} <= before  # fmt: skip
    assert file_modes.too_wide() == []
    assert mode(place / "site") == mode(place / "site/releases") == 0o711
    current, old = sorted((place / "site/releases").iterdir(), reverse=True)
    assert (mode(current), mode(old)) == (0o711, 0o700)
    assert (mode(current / "site"), mode(current / "site/index.html")) == (0o755, 0o644)
    assert mode(current / "deltas") == 0o700


def test_a_site_that_nobody_could_read_can_be_read_again(place):
    site = releases.public().resolve()
    (site / "index.html").chmod(0o600)
    site.chmod(0o700)

    file_modes.put_right()

    assert (mode(site), mode(site / "index.html")) == (0o755, 0o644)


def test_files_of_a_large_folder_are_looked_at_once(place, monkeypatch):
    file_modes.put_right()
    looked_at: list[str] = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: looked_at.append(f"{path}") or real(path))

    file_modes.put_right()

    assert [path for path in looked_at if "metadata" in path or path.endswith("/site")] == []


def test_a_folder_with_other_things_beside_the_database_stays_as_it_is(place):
    (place / "db" / "others.txt").touch()
    (place / "db" / "others.txt").chmod(0o644)

    file_modes.put_right()

    assert (mode(place / "db"), mode(place / "db/others.txt")) == (0o755, 0o644)
    assert mode(place / "db/ghost.db") == 0o600


def test_many_open_files_of_a_folder_are_one_command(place):
    for number in range(9):
        (place / "covers" / f"{number}.webp").touch(mode=0o644)
        (place / "covers" / f"{number}.webp").chmod(0o644)

    found = file_modes.commands(file_modes.too_wide())

    assert f"chmod -R go= {place}/covers" in found
    assert f"chmod 600 {place}/db/ghost.db" in found
    assert [line for line in found if ".webp" in line] == []
