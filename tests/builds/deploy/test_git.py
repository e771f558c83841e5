"""A pages branch: real git, real bare repositories."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from builds.deploy.target import HeldError, Site
from builds.tree.patches import TreeChanges
from ghost.core.errors import OutageError, RefusedError
from ghost.core.text.reasons import words
from tests.builds.deploy.branches import ODD, git, held, plus
from tests.builds.deployments import send, write


def test_the_first_push_holds_the_site_byte_for_byte(branch, bare, pages):
    write(pages, ODD)

    sent = send(branch(), Site(pages))

    assert held(bare) == plus(pages)
    assert (sent.files, sent.removed) == (len(plus(pages)), 0)
    assert git(bare, "rev-list", "--all").split() == [sent.commit]
    assert git(bare, "log", "--format=%an %ae %cn %ce %s", "gh-pages").strip() == (
        "ghost-bot bot@example.org ghost-bot bot@example.org Publish"
    )
    assert git(bare, "fsck", "--strict", "--full") == ""


@pytest.mark.parametrize("is_known", [True, False])
def test_changes_and_removals_follow_in_one_commit_without_history(branch, bare, pages, is_known):
    first = send(branch(), Site(pages))
    write(pages, {"resources/3/index.html": b"changed", "new/deep/page.html": b"new"})
    (pages / "resources/4/index.html").unlink()
    changes = TreeChanges(
        {"resources/3/index.html", "new/deep/page.html"}, {"resources/4/index.html"}
    )

    second = send(branch(), Site(pages, changes if is_known else None), first)

    assert held(bare) == plus(pages)
    assert (second.changed, second.removed, second.files) == (2, 1, first.files)
    assert git(bare, "rev-list", "--all").split() == [second.commit]
    assert git(bare, "for-each-ref", "--format=%(refname)").split() == ["refs/heads/gh-pages"]


def test_what_was_taken_down_is_in_no_history_after_the_same_push(branch, bare, pages):
    write(pages, {"resources/7/index.html": b"a secret that was taken down"})
    first = send(branch(), Site(pages))
    secret = git(bare, "rev-parse", "gh-pages:resources/7/index.html").strip()
    (pages / "resources/7/index.html").unlink()

    send(branch(), Site(pages, TreeChanges(set(), {"resources/7/index.html"})), first)

    reachable = git(bare, "rev-list", "--objects", "--all")
    assert secret not in reachable
    assert first.commit not in reachable


def test_a_change_is_sent_alone_although_the_commit_has_no_parents(branch, bare, pages):
    first = send(branch(), Site(pages))
    before = set(git(bare, "rev-list", "--objects", "--all").splitlines())
    git(bare, "config", "receive.unpackLimit", "1")  # so that each push stays one pack
    write(pages, {"resources/3/index.html": b"changed"})
    packs = set((bare / "objects/pack").glob("*.idx"))

    send(branch(), Site(pages, TreeChanges({"resources/3/index.html"}, set())), first)

    (pack,) = set((bare / "objects/pack").glob("*.idx")) - packs
    objects = subprocess.run(
        ["git", "show-index"], input=pack.read_bytes(), capture_output=True, check=True
    ).stdout.splitlines()
    # two commits, the root, resources/, resources/3/, the page; and what completes deltas
    assert 6 <= len(objects) <= 9
    assert len(before) > 60


def test_nothing_is_pushed_when_nothing_changed(branch, bare, pages):
    first = send(branch(), Site(pages))
    (bare / "hooks").mkdir(exist_ok=True)
    hook = bare / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)

    same = send(branch(), Site(pages, TreeChanges({"index.html"}, {"gone.html"})), first)
    compared = send(branch(), Site(pages), first)

    assert (same.commit, same.changed, same.removed) == (first.commit, 0, 0)
    assert (compared.commit, compared.changed, compared.files) == (first.commit, 0, first.files)


def test_the_branchs_own_files_follow_the_configuration(branch, bare, pages):
    first = send(branch(), Site(pages))

    send(
        branch(extra={".nojekyll": b"", "CNAME": None}),
        Site(pages, TreeChanges(set(), set())),
        first,
    )

    assert set(held(bare)) - {".nojekyll"} == set(plus(pages)) - {".nojekyll", "CNAME"}


def test_a_comparison_of_everything_pushes_a_branch_that_went_away(branch, bare, pages):
    first = send(branch(), Site(pages))
    git(bare, "update-ref", "-d", "refs/heads/gh-pages")

    again = send(branch(), Site(pages), first)

    assert held(bare) == plus(pages)
    assert again.files == first.files


def test_a_guard_that_refuses_keeps_the_branch_as_it_was(branch, bare, pages):
    first = send(branch(), Site(pages))
    (pages / "index.html").unlink()
    asked = []

    def guard(paths):
        asked.extend(paths)
        if paths:
            raise HeldError(words("Ask."), paths)

    with pytest.raises(HeldError):
        send(branch(), Site(pages, TreeChanges(set(), {"index.html"})), first, guard)

    assert asked == ["index.html"]
    assert git(bare, "rev-parse", "gh-pages").strip() == first.commit


def test_a_guard_hears_of_a_shrunken_site_although_our_copy_is_lost(branch, bare, pages, tmp_path):
    first = send(branch(), Site(pages))
    subprocess.run(["rm", "-r", str(tmp_path / "deploy/git"), str(pages / "resources")], check=True)
    asked = []

    send(branch(), Site(pages), first, lambda paths: asked.append(len(paths)))

    assert asked == [29]


# -- others


def stranger(bare: Path, tmp_path: Path) -> str:
    """Somebody else pushes to the branch; their commit."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "init", "-q", str(clone)], check=True)
    write(clone, {"theirs.txt": b"theirs"})
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    git(clone, "add", "-A")
    git(clone, *who, "commit", "-q", "-m", "theirs")
    git(clone, "push", "-q", "-f", str(bare), "HEAD:gh-pages")
    return git(clone, "rev-parse", "HEAD").strip()


@pytest.mark.parametrize("is_first", [True, False])
def test_a_branch_that_others_made_is_overwritten_by_force_alone(
    branch, bare, pages, tmp_path, is_first
):
    before = None if is_first else send(branch(), Site(pages))
    theirs = stranger(bare, tmp_path)
    write(pages, {"index.html": b"new home"})
    site = Site(pages, None if is_first else TreeChanges({"index.html"}, set()))

    with pytest.raises(RefusedError, match=rf"(?s)gh-pages.*{theirs[:10]}.*GHOST_PAGES_FORCE=1"):
        send(branch(), site, before)
    kept = git(bare, "rev-parse", "gh-pages").strip()
    send(branch(force=True), site, before)

    assert kept == theirs
    assert held(bare) == plus(pages)


def test_a_push_that_nobody_wrote_down_is_known_again(branch, bare, pages):
    """Killed between the push and its row."""
    first = send(branch(), Site(pages))
    write(pages, {"index.html": b"new home"})
    changes = TreeChanges({"index.html"}, set())
    lost = send(branch(), Site(pages, changes), first)

    again = send(branch(), Site(pages, changes), first)
    write(pages, {"index.html": b"newer home"})
    later = send(branch(), Site(pages, changes), first)

    assert again.commit == lost.commit
    assert later.commit not in (first.commit, lost.commit)
    assert held(bare) == plus(pages)


def test_a_remote_that_hides_the_carrier_takes_the_branch(branch, bare, pages):
    git(bare, "config", "receive.hideRefs", "refs/ghost")
    first = send(branch(), Site(pages))
    write(pages, {"index.html": b"new home"})

    send(branch(), Site(pages, TreeChanges({"index.html"}, set())), first)

    assert held(bare) == plus(pages)
    assert git(bare, "for-each-ref", "--format=%(refname)").split() == ["refs/heads/gh-pages"]


def test_a_remote_that_is_gone_is_an_outage_and_our_copy_stays(branch, bare, pages, tmp_path):
    first = send(branch(), Site(pages))
    bare.rename(tmp_path / "away")
    write(pages, {"index.html": b"new home"})
    site = Site(pages, TreeChanges({"index.html"}, set()))

    with pytest.raises(OutageError, match="could not push"):
        send(branch(), site, first)
    (tmp_path / "away").rename(bare)
    git(bare, "config", "receive.unpackLimit", "1")
    send(branch(), site, first)

    assert held(bare) == plus(pages)
