"""Streams that git reads: their trees and packs are those that git makes itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

from builds.deploy.fast_import import Whole, changed
from builds.deploy.target import Site
from builds.tree.patches import TreeChanges
from tests.builds.deploy.branches import BY, git
from tests.builds.deployments import write

FILES = {'a "q"\\\n/x': b"\xff\n", "a.b": b"", "a/x": b"one", "a-b": b"two", "index.html": b"home"}


def feed(bare: Path, *command: str, stream: bytes) -> str:
    done = subprocess.run(
        ["git", "-C", str(bare), *command], input=stream, capture_output=True, check=True
    )
    return done.stdout.decode()


def load(bare: Path, site: Site, extra: dict[str, bytes | None]) -> Whole:
    whole = Whole(site, extra)
    feed(bare, "fast-import", "--quiet", stream=b"".join(whole.blobs()))
    feed(bare, "index-pack", "--stdin", stream=b"".join(whole.pack()))
    return whole


def shown(bare: Path, tree: str) -> dict[str, str]:
    """Each file's text, of those that are text."""
    names = git(bare, "ls-tree", "-r", "-z", "--name-only", tree).split("\0")[:-1]
    return {n: git(bare, "show", f"{tree}:{n}") for n in names if n.isprintable()}


def test_a_whole_site_has_the_tree_that_git_would_write(tmp_path, bare):
    write(tmp_path / "site", FILES)
    subprocess.run(
        ["git", f"--git-dir={bare}", f"--work-tree={tmp_path / 'site'}", "add", "-A"], check=True
    )
    expected = git(bare, "write-tree").strip()

    whole = load(bare, Site(tmp_path / "site"), {})

    assert (whole.root, whole.files) == (expected, len(FILES))
    assert git(bare, "cat-file", "-t", whole.root).strip() == "tree"


def test_the_branchs_own_files_come_instead_of_the_sites(tmp_path, bare):
    write(tmp_path / "site", {"CNAME": b"theirs", "index.html": b"home", ".nojekyll": b"x"})

    whole = load(bare, Site(tmp_path / "site"), {"CNAME": b"ours", ".nojekyll": None})

    assert shown(bare, whole.root) == {"CNAME": "ours", "index.html": "home"}
    assert whole.files == 2


def test_changes_make_a_root_commit_of_the_tree_before(tmp_path, bare):
    folder = tmp_path / "site"
    write(folder, {"a/x": b"one", "b": b"two", "CNAME": b"theirs"})
    base = load(bare, Site(folder), {}).root
    write(folder, {"a/x": b"new"})
    (folder / "b").unlink()

    stream = changed(
        Site(folder, TreeChanges({"a/x"}, {"b"})), {"CNAME": None}, base, BY, "Two files"
    )
    commit = feed(bare, "fast-import", "--quiet", stream=b"".join(stream)).strip()

    assert shown(bare, commit) == {"a/x": "new"}
    assert git(bare, "show", "-s", "--format=%cn %ce %ct|%P|%s", commit).strip() == (
        "ghost-bot bot@example.org 1700000000||Two files"
    )
