"""A git backup on, its folder, and a bare repository that it is pushed to."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ghost.operations.git_backup import backup


@pytest.fixture
def folder(configure, tmp_path, monkeypatch) -> Path:
    """Switched on, without a remote."""
    monkeypatch.setattr(backup, "PAUSE_S", 0)
    configure(git_backup_enabled=True, git_backup_dir=tmp_path / "folder", git_backup_retries=1)
    return tmp_path / "folder"


@pytest.fixture
def remote(folder, configure, tmp_path) -> Path:
    """A bare repository that it is pushed to."""
    bare = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
    configure(git_backup_remote=str(bare))
    return bare
