"""How much space is left on the disks in use."""

from __future__ import annotations

import os
from threading import Event

import pytest

from ghost.core.io import disk_look
from ghost.operations.figures import gathering
from ghost.operations.figures.machines import disk_space, machine
from tests.ghost.operations.figures.moments import heartbeat, item, told

pytestmark = pytest.mark.django_db

GB = 1 << 30


def disk(free_percent: float, free_bytes: int, files_percent: float = 50) -> dict:
    return {"name": "GHOST_DB_PATH", "free_percent": free_percent, "free_bytes": free_bytes,
            "total_bytes": 0, "free_files_percent": files_percent}  # fmt: skip


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (disk(50, 100 * GB), "ok"),
        (disk(4, 100 * GB), "ok"),  # of a large disk
        (disk(60, GB // 50), "ok"),  # of a small one
        (disk(9, 4 * GB), "degraded"),
        (disk(50, 100 * GB, files_percent=0.2), "down"),
        (disk(0, 0), "down"),
    ],
)
def test_little_is_what_is_little_in_part_and_in_bytes(monkeypatch, found, expected):
    monkeypatch.setattr(disk_space, "disks", lambda: [found])

    assert told("disk")[0] == expected


def test_each_disk_is_looked_at_once_by_its_real_figures():
    (found,) = {d["name"]: d for d in disk_space.disks()}.values()
    real = os.statvfs("/tmp")

    assert found["total_bytes"] == real.f_blocks * real.f_frsize
    assert abs(found["free_bytes"] - real.f_bavail * real.f_frsize) < GB


def test_a_worker_s_host_tells_of_its_own():
    heartbeat(host="two", facts={"disks": [disk(0.1, 1000)]})

    assert told("disk") == ("down", "disk.full")
    assert str(item("disk").reason) == "no space left: GHOST_DB_PATH (two)"


def test_a_folder_that_hangs_is_told_and_keeps_nobody(monkeypatch, tmp_path, configure):
    """A fake: what stands for a network disk whose server is away can't be made without rights."""
    answers = Event()
    monkeypatch.setattr(disk_look, "PATIENCE_S", 0.3)
    monkeypatch.setattr(os, "statvfs", lambda path: answers.wait() and None)
    monkeypatch.setattr(os, "access", lambda *asked: answers.wait())

    try:
        found = gathering.gather()
    finally:
        answers.set()
        for look in (disk_space._look, machine._look):
            assert look._thread
            look._thread.join()

    bad = {each.name: str(each.reason) for each in found.problems}
    assert "a folder that does not answer" in bad["machine"]
    assert found.is_serving
