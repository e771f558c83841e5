"""Files that are whole or not there."""

from __future__ import annotations

import os

import pytest

from ghost.core.io import files


def test_write_atomic_replaces_and_leaves_no_draft(tmp_path):
    path = tmp_path / "a" / "x.json"

    files.write_atomic(path, b"1")
    files.write_atomic(path, b"2", mode=0o600)

    assert path.read_bytes() == b"2"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["x.json"]


def test_write_atomic_keeps_the_old_file_on_failure(tmp_path, monkeypatch):
    path = tmp_path / "x"
    files.write_atomic(path, b"old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "disk full")))

    with pytest.raises(OSError, match="disk full"):
        files.write_atomic(path, b"new")

    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "a\0b"])
def test_inside_refuses_ways_out(tmp_path, name):
    with pytest.raises(ValueError, match=r"out of its folder|null"):
        files.inside(tmp_path, name)


def test_inside_follows_no_link_out(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "link").symlink_to("/etc")

    with pytest.raises(ValueError, match="leads out"):
        files.inside(tmp_path / "site", "link/passwd")
