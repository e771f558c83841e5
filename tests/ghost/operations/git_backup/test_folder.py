"""The repository's folder: nothing of what was taken down is left there, and nothing of others is touched."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ghost.core.errors import RefusedError
from ghost.operations.git_backup import backup
from ghost.operations.git_backup.folder import BackupFolder
from ghost.operations.git_backup.models import GitBackup
from tests import make
from tests.builds.deploy.branches import git

pytestmark = pytest.mark.django_db


def held(where: Path) -> str:
    """All that is in it, whether anything leads there or not."""
    listed = git(where, "cat-file", "--batch-all-objects", "--batch-check").splitlines()
    blobs = [line.split()[0] for line in listed if " blob " in line]
    return "\n".join(git(where, "cat-file", "-p", each) for each in blobs)


@pytest.fixture
def resource():
    """One that is taken down later."""
    return make.resource(title="Unheard of")


def stop_at(monkeypatch, step: str) -> None:
    """A run that is killed there."""

    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(BackupFolder, step, killed)
        with pytest.raises(SystemExit):
            backup.run()


def test_one_killed_before_it_forgot_leaves_it_to_the_next(folder, resource, monkeypatch):
    backup.run()
    resource.take_down(reason="Asked.", by="olga")
    stop_at(monkeypatch, "forget")
    before = held(folder)

    backup.run()

    assert "Unheard of" in before
    assert "Unheard of" not in held(folder)


def test_a_draft_that_was_never_committed_is_forgotten(folder, resource, monkeypatch):
    stop_at(monkeypatch, "commit")
    resource.take_down(reason="Asked.", by="olga")

    backup.run()

    assert "Unheard of" not in held(folder)


def test_what_comes_back_from_the_remote_is_forgotten(folder, remote, resource):
    backup.run()
    shutil.rmtree(folder)
    resource.take_down(reason="Asked.", by="olga")

    backup.run()

    assert "Unheard of" not in held(folder)


def test_a_former_branch_of_before_the_takedown_goes(folder, resource, configure):
    backup.run()
    configure(git_backup_branch="other")
    resource.take_down(reason="Asked.", by="olga")

    backup.run()

    assert git(folder, "branch", "--format=%(refname:short)").split() == ["other"]
    assert "Unheard of" not in held(folder)


def test_a_repository_without_commits_is_not_written_over(folder):
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "README.md").write_text("mine")

    with pytest.raises(RefusedError, match="is not empty"):
        backup.run()

    assert (folder / "README.md").read_text() == "mine"


def test_a_second_one_at_once_is_refused_and_no_failure(folder):
    backup.run()
    before = GitBackup.get().began_at

    with backup._folder().held(), pytest.raises(RefusedError, match="under way"):
        backup.run()

    assert (GitBackup.get().began_at, GitBackup.get().error.code) == (before, "")


def test_a_torn_index_and_credentials_of_a_killed_git_stop_nothing(folder):
    backup.run()
    (folder / ".git" / "index").write_bytes(b"")
    (folder / ".git" / "credentials").write_text("https://ada:hunter2@example.org\n")

    backup.run()

    assert git(folder, "status", "--porcelain") == ""
    assert not (folder / ".git" / "credentials").exists()
