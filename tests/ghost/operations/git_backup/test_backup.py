"""The catalog in git: real git, real bare repositories."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ghost.core import circuits
from ghost.core.circuits import Circuit, Kind
from ghost.core.errors import GhostError, OutageError, RefusedError
from ghost.core.text.reasons import words
from ghost.operations.git_backup import backup
from ghost.operations.git_backup.models import GitBackup
from resources.models import Resource
from tests import make
from tests.builds.deploy.branches import git
from tests.resources.exchanges import take_in, wipe

pytestmark = pytest.mark.django_db

AS_SOMEBODY = ("-c", "user.name=Eve", "-c", "user.email=eve@example.org")


def codes(outcome: backup.Outcome) -> list[str]:
    return [line.code.removeprefix("git_backup.") for line in outcome.lines()]


def log(where: Path, branch: str = "main") -> list[str]:
    return git(where, "log", "--format=%H", branch).split()


def files(where: Path) -> list[str]:
    return git(where, "ls-tree", "-r", "--name-only", "main").split()


def everything(where: Path) -> str:
    """All that any commit of any reference holds, deltas and all."""
    objects = git(where, "rev-list", "--objects", "--all", "--reflog").splitlines()
    blobs = [line.split()[0] for line in objects if " " in line and not line.endswith(" resources")]
    return "\n".join(git(where, "cat-file", "-p", each) for each in blobs)


def commit_by_hand(where: Path, name: str = "mine.txt") -> None:
    (where / name).write_text("mine")
    git(where, "add", name)
    git(where, *AS_SOMEBODY, "commit", "-qm", "mine")


def clone(remote: Path, where: Path) -> Path:
    git(remote, "clone", "-q", str(remote), str(where))
    return where


# -- what is committed and pushed


def test_an_empty_catalog_goes_to_an_unborn_branch(folder, remote):
    outcome = backup.run()

    assert codes(outcome) == ["committed", "pushed"]
    assert log(remote) == log(folder) == [outcome.commit]
    assert files(remote) == [
        "README.md", "catalog.json", "categories.ndjson", "publishers.ndjson", "taken-down.txt",
        "teams.ndjson",
    ]  # fmt: skip
    assert git(remote, "fsck", "--strict", "--full") == ""
    row = GitBackup.get()
    assert (row.commit, row.is_pushed, row.resources, row.error.code) == (
        outcome.commit,
        True,
        0,
        "",
    )


def test_a_change_is_a_commit_with_one_changed_line_and_no_change_is_none(folder, remote):
    make.resource(title="First")
    second = make.resource(title="Second")
    first = backup.run()
    same = backup.run()
    second.title = "Renamed"
    second.store()

    third = backup.run()

    assert (codes(same), same.commit) == (["unchanged", "pushed"], first.commit)
    assert log(remote) == [third.commit, first.commit]
    assert git(remote, "show", "--numstat", "--format=", "main").split()[:2] == ["1", "1"]
    assert git(remote, "log", "-1", "--format=%an|%s", "main").strip() == "ghost-bot|2 resources"
    assert "Renamed" in next((folder / "resources").iterdir()).read_text()
    assert git(folder, "status", "--porcelain") == ""


def test_there_and_back_through_a_clone(folder, remote, tmp_path):
    """What it holds comes back: the same commit follows from it."""
    make.resource(title="A work", content_markdown="Words: 第二 🎬\n\n- list", tags=["a", "数据"])
    make.resource(team=make.team(name="Archive"))
    make.resource(title="Gone").take_down(reason="Asked.", by="olga")
    before = git(remote, "rev-parse", f"{backup.run().commit}^{{tree}}")
    rows = list(Resource.objects.public().order_by("pk").values_list("pk", "title", "magnet_uri"))
    wipe()

    told = take_in(clone(remote, tmp_path / "clone"))

    assert (told.error, told["created"], told["blocks"]) == ("", 2, 1)
    assert (
        list(Resource.objects.public().order_by("pk").values_list("pk", "title", "magnet_uri"))
        == rows
    )
    assert git(remote, "rev-parse", f"{backup.run().commit}^{{tree}}") == before


def test_a_takedown_leaves_the_history_here_and_there(folder, remote):
    make.resource(title="Stays")
    row = make.resource(title="Unheard of", content_markdown="Secret words")
    backup.run()
    row.take_down(reason="Asked.", by="olga")

    outcome = backup.run()

    assert "history_dropped" in codes(outcome)
    assert log(remote) == log(folder) == [outcome.commit]
    for where in (folder, remote):
        text = everything(where)
        assert "Stays" in text
        assert [each for each in ("Unheard of", "Secret words") if each in text] == []
    packed = git(folder, "cat-file", "--batch-all-objects", "--batch-check")
    assert len(packed.splitlines()) == len(
        git(folder, "rev-list", "--objects", "main").splitlines()
    )
    assert row.magnet_hash in git(remote, "show", "main:taken-down.txt")


def test_a_takedown_while_the_remote_is_away_leaves_it_when_that_is_back(folder, remote, tmp_path):
    row = make.resource(title="Unheard of")
    backup.run()
    remote.rename(tmp_path / "away.git")
    row.take_down(reason="Asked.", by="olga")
    with pytest.raises(OutageError):
        backup.run()
    here = everything(folder)
    (tmp_path / "away.git").rename(remote)

    backup.run(insists=True)

    assert "Unheard of" not in here
    assert "Unheard of" not in everything(remote)
    assert len(log(remote)) == 1


def test_a_long_history_is_cut(folder, remote, monkeypatch):
    monkeypatch.setattr(backup, "MOST_COMMITS", 2)
    for number in range(3):
        make.resource(title=f"Work {number}")
        outcome = backup.run()

    assert "history_cut" in codes(outcome)
    assert log(remote) == [outcome.commit]


def test_without_a_remote_it_stays_here_and_says_so(folder):
    outcome = backup.run()

    assert codes(outcome) == ["committed", "no_remote"]
    assert GitBackup.get().is_pushed is False
    assert not Circuit.objects.exists()


def test_switched_off_it_is_refused():
    with pytest.raises(RefusedError, match="GHOST_GIT_BACKUP_ENABLED"):
        backup.run()


# -- a folder that somebody was in


def test_a_detached_head_is_put_on_the_branch_again(folder, remote):
    first = backup.run()
    make.resource()
    backup.run()
    git(folder, "checkout", "-q", first.commit)
    make.resource()

    outcome = backup.run()

    assert "attached" in codes(outcome)
    assert git(folder, "symbolic-ref", "HEAD").strip() == "refs/heads/main"
    assert log(folder)[0] == outcome.commit
    assert len(log(remote)) == 3


def test_a_dirty_folder_is_written_anew_and_what_is_not_ours_stays(folder, remote):
    backup.run()
    (folder / "catalog.json").write_text("changed")
    (folder / "README.md").unlink()
    git(folder, "add", "catalog.json")
    (folder / "mine.txt").write_text("mine")

    outcome = backup.run()

    (told,) = (note for note in outcome.notes if note.code == "git_backup.dirty")
    assert str(told).startswith("2 files")
    assert git(folder, "status", "--porcelain").split() == ["??", "mine.txt"]
    assert "mine.txt" not in files(remote)


def test_a_folder_that_was_replaced_by_a_link_leads_nowhere(folder, remote, tmp_path):
    make.resource()
    backup.run()
    (tmp_path / "elsewhere").mkdir()
    shutil.rmtree(folder / "resources")
    (folder / "resources").symlink_to(tmp_path / "elsewhere")

    backup.run()

    assert not (folder / "resources").is_symlink()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_what_a_killed_git_left_is_cleared_away(folder, remote):
    backup.run()
    for name in ("index.lock", "HEAD.lock", "refs/heads/main.lock", "shallow.lock"):
        (folder / ".git" / name).touch()
    (folder / ".git" / "objects" / "pack" / "tmp_pack_x").touch()
    make.resource()

    outcome = backup.run()

    assert "unlocked" in codes(outcome)
    assert log(remote)[0] == outcome.commit
    assert list((folder / ".git").rglob("*.lock")) == []


def test_one_that_was_killed_half_way_is_caught_up(folder, remote, monkeypatch):
    """After the commit, before the push; and with the files not yet as the commit has them."""
    backup.run()
    make.resource()
    with monkeypatch.context() as patch:
        patch.setattr(backup._Run, "_push", lambda _: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            backup.run()
    killed = GitBackup.get().error.code
    (folder / ".git" / "index.lock").touch()
    shutil.rmtree(folder / "resources")

    outcome = backup.run()

    assert killed == "git_backup.interrupted"
    assert log(remote)[0] == log(folder)[0] == outcome.commit
    assert (folder / "resources").is_dir()


@pytest.mark.parametrize("branch", ["main", "other"])
def test_commits_of_others_in_the_folder_are_refused(folder, remote, configure, branch):
    backup.run()
    commit_by_hand(folder)
    before = log(folder)
    configure(git_backup_branch=branch)

    with pytest.raises(RefusedError, match="Work of others is checked out"):
        backup.run()

    assert log(folder) == before
    assert (folder / "mine.txt").exists()


@pytest.mark.parametrize("is_repository", [True, False])
def test_a_folder_of_somebody_else_is_not_touched(folder, is_repository):
    folder.mkdir()
    if is_repository:
        git(folder, "init", "-q", "-b", "main")
        commit_by_hand(folder)
    (folder / "mine.txt").write_text("changed")

    with pytest.raises(RefusedError):
        backup.run()

    assert (folder / "mine.txt").read_text() == "changed"
    assert GitBackup.get().error


def test_a_damaged_repository_says_what_to_do_and_after_that_it_goes_on(folder, remote):
    first = backup.run()
    for pack in (folder / ".git" / "objects" / "pack").glob("*.pack"):
        pack.chmod(0o600)
        pack.write_bytes(b"broken")

    with pytest.raises(OutageError, match="is damaged: delete it"):
        backup.run()
    shutil.rmtree(folder / ".git")
    make.resource()
    outcome = backup.run()

    assert log(remote) == [outcome.commit, first.commit]


# -- the other side


def test_commits_of_others_on_the_remote_are_refused_and_stay(folder, remote, tmp_path):
    backup.run()
    other = clone(remote, tmp_path / "other")
    commit_by_hand(other)
    git(other, "push", "-q", "origin", "main")
    make.resource()

    with pytest.raises(RefusedError, match="holds commits that Ghost did not make"):
        backup.run()

    assert git(remote, "log", "-1", "--format=%s", "main").strip() == "mine"
    assert GitBackup.get().error.code == "git_backup.foreign_branch"
    assert Circuit.objects.get().name == str(remote)


def test_a_folder_that_was_lost_goes_on_from_the_remote(folder, remote):
    first = backup.run()
    shutil.rmtree(folder)
    make.resource()

    outcome = backup.run()

    assert log(remote) == log(folder) == [outcome.commit, first.commit]


def test_a_missing_remote_is_told_and_the_commit_is_pushed_when_it_is_back(
    folder, remote, tmp_path
):
    backup.run()
    remote.rename(tmp_path / "away.git")
    make.resource()
    with pytest.raises(OutageError, match="could not be reached"):
        backup.run()
    row = GitBackup.get()
    (tmp_path / "away.git").rename(remote)

    outcome = backup.run()

    assert (row.is_pushed, row.error.code, row.resources) == (False, "git_backup.unreachable", 1)
    assert row.commit == log(remote)[0] == outcome.commit
    assert GitBackup.get().error.code == ""
    assert not Circuit.objects.failing().exists()


def test_what_failed_again_and_again_is_left_alone_and_asked_by_hand(folder, remote):
    for _ in range(3):
        circuits.failed(Kind.GIT_BACKUP, str(remote), words("no route"))
    with pytest.raises(OutageError, match="left alone"):
        backup.run()

    assert backup.run(insists=True).is_pushed
    assert not Circuit.objects.failing().exists()


def test_a_rejected_push_says_what_the_other_side_said(folder, remote):
    hook = remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'this branch is protected' >&2\nexit 1\n")
    hook.chmod(0o755)

    with pytest.raises(RefusedError, match=r"did not take the push: .*this branch is protected"):
        backup.run()

    assert GitBackup.get().error.code == "git_backup.rejected"
    assert len(log(folder)) == 1


def test_a_push_is_tried_again(folder, remote, monkeypatch):
    calls = []
    real = backup._Run._sent

    def fails_once(self):
        calls.append(1)
        if len(calls) == 1:
            raise OutageError("no route")
        real(self)

    monkeypatch.setattr(backup._Run, "_sent", fails_once)

    assert backup.run().is_pushed
    assert len(calls) == 2


def test_no_password_is_shown_or_kept(folder, configure):
    configure(git_backup_remote="https://ada:hunter2secret@127.0.0.1:1/x.git")

    with pytest.raises(GhostError) as caught:
        backup.run()

    row = GitBackup.get()
    told = [str(caught.value), row.error.stored(), *(c.name for c in Circuit.objects.all())]
    told += [p.read_text(errors="replace") for p in (folder / ".git").iterdir() if p.is_file()]
    assert [each for each in told if "hunter2secret" in each] == []
