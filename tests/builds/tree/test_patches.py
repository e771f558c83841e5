from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path

import pytest

from builds.tree import patches, releases
from builds.tree.patches import TreeChanges
from tests.presence import present

FUNCTIONS = ("link", "mkdir", "rename", "replace", "rmdir", "unlink")
"""Each change that a merge makes to the file system goes through one of these of `os`."""
OLD = {
    "index.html": "home", "resources/1/index.html": "one", "resources/2/index.html": "two",
    "tags/lonely/page/1/index.html": "alone", "index/manifest.json": "old", "feeds/all.xml": "same",
}  # fmt: skip
NEW = {
    "index.html": "home and more", "resources/1/index.html": "one, edited",
    "resources/3/index.html": "three", "tags/new/page/1/index.html": "new",
    "index/manifest.json": "new", "feeds/all.xml": "same",
}  # fmt: skip


class Killed(BaseException):
    """The builder is gone in the middle of a line."""


@contextmanager
def killed_before(number: int):
    """Nothing that changes the file system is done from its change `number` on."""
    real, left = {name: getattr(os, name) for name in FUNCTIONS}, [number]

    def failing(name):
        def guarded(*args, **kwargs):
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return real[name](*args, **kwargs)

        return guarded

    try:
        for name in FUNCTIONS:
            setattr(os, name, failing(name))
        yield
    finally:
        for name in FUNCTIONS:
            setattr(os, name, real[name])


def write(folder: Path, files: dict[str, str]) -> None:
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body)


def tree(folder: Path) -> dict[str, str | None]:
    """Files with their bodies; folders too, since an empty one must not stay."""
    return {
        path.relative_to(folder).as_posix(): path.read_text() if path.is_file() else None
        for path in folder.rglob("*")
    }


def of(files: dict[str, str], folder: Path) -> dict[str, str | None]:
    write(folder, files)
    return tree(folder)


def publish(files: dict[str, str], token: str = "first", build: int = 1) -> Path:
    draft = releases.begin(build)
    write(draft.site, files)
    releases.prepare(draft, token)
    releases.publish(draft)
    return releases.public()


def staged(build: int, files: dict[str, str], removed: list[str]):
    """A sealed delta from what is public to that."""
    draft, before = present(patches.begin(build)), tree(releases.public())
    write(draft.new, {name: body for name, body in files.items() if before.get(name) != body})
    return draft, patches.seal(draft, removed)


def sealed(build: int = 2):
    return staged(build, NEW, sorted(OLD.keys() - NEW.keys()))


def merged(build: int, files: dict[str, str], removed: list[str] | None = None) -> str:
    draft, patch = staged(build, files, removed or [])
    patches.apply(draft.folder, patch)
    return patch.token


def token() -> str:
    return releases.token_of(releases.current())


def folders() -> list[str]:
    return [path.name for path in patches._folders(releases.current())]


@pytest.fixture
def trees(tmp_path):
    """The tree before, the tree after; the one before is public."""
    before, after = of(OLD, tmp_path / "old"), of(NEW, tmp_path / "new")
    assert tree(publish(OLD)) == before
    return before, after


def test_a_merge_gives_exactly_the_new_tree_and_its_token(trees):
    draft, patch = sealed()

    patches.apply(draft.folder, patch)

    assert tree(releases.public()) == trees[1]
    assert token() == patch.token == draft.token
    assert patches.applied(releases.current()) == [patch]


def test_a_plan_names_what_it_brings_and_takes(trees):
    _stage, patch = sealed()

    assert (patch.base, patch.build) == ("first", 2)
    assert patch.files == [
        "resources/3/index.html", "tags/new/page/1/index.html", "resources/1/index.html",
        "index.html", "index/manifest.json",
    ]  # fmt: skip
    assert patch.removed == ["resources/2/index.html", "tags/lonely/page/1/index.html"]
    assert patch.added == ["resources/3/index.html", "tags/new/page/1/index.html"]


def test_a_file_that_is_not_there_needs_no_removal(trees):
    _, patch = staged(2, OLD, ["resources/9/index.html"])

    assert (patch.files, patch.removed) == ([], [])


def test_growth_is_told_before(trees):
    draft = present(patches.begin(2))
    write(draft.new, {"index.html": "home!", "more.html": "12345"})

    grown = patches.growth(draft, ["resources/2/index.html", "resources/9/index.html"])

    assert grown == (0, 1 + 5 - 3)


def test_new_files_come_before_what_links_to_them_and_manifests_come_last(trees):
    draft = present(patches.begin(2))
    names = ["sitemap.xml", "search/manifest.json", "index/manifest.json", "index/tags.json",
             "zh-hans/resources/1/index.html", "assets/covers/1.webp", "index.html"]  # fmt: skip
    write(draft.new, dict.fromkeys(names, "x"))

    patch = patches.seal(draft, [])

    assert patch.files == [
        "assets/covers/1.webp", "index/tags.json", "zh-hans/resources/1/index.html", "index.html",
        "index/manifest.json", "search/manifest.json", "sitemap.xml",
    ]  # fmt: skip


def test_every_file_is_whole_at_every_moment_of_a_merge(trees):
    draft, patch = sealed()
    before, after = trees

    for number in range(100):
        try:
            with killed_before(number):
                patches.apply(draft.folder, patch)
        except Killed:
            now = tree(releases.public())
            lost = [n for n in before.keys() & after.keys() if n not in now]
            torn = [n for n, body in now.items() if body not in (before.get(n), after.get(n))]
            assert (number, lost, torn) == (number, [], [])
        else:
            break
    assert number > 0
    assert tree(releases.public()) == after


def test_a_merge_killed_at_any_moment_is_finished_by_the_next_builder(tmp_path, configure, trees):
    for number in range(200):
        configure(site_workdir=tmp_path / str(number))
        publish(OLD)
        draft, patch = sealed()
        try:
            with killed_before(number):
                patches.apply(draft.folder, patch)
        except Killed:
            patches.finish_interrupted(patch.token)
            assert (number, tree(releases.public())) == (number, trees[1])
            assert (number, token()) == (number, patch.token)
            assert patches.applied(releases.current()) == [patch]
            continue
        break
    assert number > 20
    patches.finish_interrupted(patch.token)
    assert tree(releases.public()) == trees[1]


def test_a_finish_killed_at_any_moment_is_finished_by_another_one(trees):
    _stage, patch = sealed()
    for number in range(200):
        try:
            with killed_before(number):
                patches.finish_interrupted(patch.token)
        except Killed:
            continue
        break

    assert number > 0
    assert (tree(releases.public()), token()) == (trees[1], patch.token)


def test_a_merge_may_be_repeated(trees):
    draft, patch = sealed()

    for _ in range(3):
        patches.apply(draft.folder, patch)

    patches.revert(draft.folder, patch)
    assert (tree(releases.public()), token()) == (trees[0], "first")


def test_undo_gives_exactly_the_old_tree_and_its_token(trees):
    draft, patch = sealed()
    patches.apply(draft.folder, patch)

    patches.revert(patches.folder_of(present(releases.current()), patch), patch)

    assert (tree(releases.public()), token()) == (trees[0], "first")
    assert folders() == []


def test_an_undo_killed_at_any_moment_can_be_done_again(tmp_path, configure, trees):
    for number in range(200):
        configure(site_workdir=tmp_path / str(number))
        publish(OLD)
        draft, patch = sealed()
        patches.apply(draft.folder, patch)
        try:
            with killed_before(number):
                patches.revert(draft.folder, patch)
        except Killed:
            # What is between two states has no token, so that nobody takes it for one.
            states = {patch.token: trees[1], "first": trees[0]}
            assert tree(releases.public()) == states.get(token(), tree(releases.public()))
            patches.finish_interrupted("first")
            if patches.applied(releases.current()):
                patches.revert(draft.folder, patch)
            assert (number, tree(releases.public()), token()) == (number, trees[0], "first")
            assert folders() == []
            continue
        break
    assert number > 20


def test_what_the_database_does_not_know_is_dropped(trees):
    sealed()
    patches.begin(3)

    patches.finish_interrupted("first")

    assert (tree(releases.public()), token(), folders()) == (trees[0], "first", [])


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"base": 1}'])
def test_a_damaged_plan_is_none(trees, damage):
    draft, patch = sealed()
    (draft.folder / patches.PATCH_FILE).write_bytes(damage)

    patches.finish_interrupted(patch.token)

    assert (tree(releases.public()), folders()) == (trees[0], [])


def _has_plan() -> bool:
    return any(
        (folder / patches.PATCH_FILE).exists() for folder in patches._folders(releases.current())
    )


def test_a_folder_half_removed_is_not_taken_for_a_delta(tmp_path, configure, trees):
    for number in range(200):
        configure(site_workdir=tmp_path / str(number))
        publish(OLD)
        sealed()
        try:
            with killed_before(number):
                patches.finish_interrupted("first")
        except Killed:
            plans = patches.applied(releases.current())
            assert (number, plans, _has_plan()) == (number, [], not number)
            patches.finish_interrupted("first")
            assert folders() == []
            continue
        break
    assert number > 5


def test_discard_removes_what_was_not_sealed_alone(trees):
    open_one, (closed, _) = present(patches.begin(2)), sealed(3)

    patches.discard(present(open_one))
    patches.discard(closed)

    assert folders() == [closed.folder.name]


def test_a_merge_that_fails_is_kept_and_finished(trees):
    draft, patch = sealed()
    with pytest.raises(Killed), killed_before(9):
        patches.apply(draft.folder, patch)

    patches.discard(draft)
    patches.finish_interrupted(patch.token)

    assert (tree(releases.public()), token()) == (trees[1], patch.token)


def test_there_is_no_stage_without_a_site():
    assert patches.begin(1) is None
    patches.finish_interrupted("any")


def test_since_adds_up_what_deltas_changed(trees):
    second = merged(2, OLD | {"a.html": "a", "b.html": "b"})
    third = merged(3, {"a.html": "A", "c.html": "c"}, ["b.html", "feeds/all.xml"])
    fourth = merged(4, {"feeds/all.xml": "anew"}, ["c.html"])

    assert patches.changes_since("first") == TreeChanges(
        {"a.html", "feeds/all.xml"}, {"b.html", "c.html"}
    )
    assert patches.changes_since(second) == TreeChanges(
        {"a.html", "feeds/all.xml"}, {"b.html", "c.html"}
    )
    assert patches.changes_since(third) == TreeChanges({"feeds/all.xml"}, {"c.html"})
    assert patches.changes_since(fourth) == TreeChanges(set(), set())


def test_since_cannot_tell_of_a_state_that_is_not_known(trees):
    merged(2, {"a.html": "a"})
    publish(OLD, "another", 3)
    merged(4, {"a.html": "a"})

    assert patches.changes_since("first") is None
    assert patches.changes_since("") is None


def test_some_deltas_are_kept_and_older_ones_go(trees, monkeypatch):
    monkeypatch.setattr(patches, "KEPT", 2)

    tokens = [merged(number, {"a.html": str(number)}) for number in range(2, 6)]

    assert [patch.token for patch in patches.applied(releases.current())] == tokens[-2:]
    assert patches.changes_since(tokens[1]) == TreeChanges({"a.html"}, set())
    assert patches.changes_since(tokens[0]) is None


def test_deltas_are_undone_one_after_the_other(trees):
    first, second = OLD | {"a.html": "a"}, {"a.html": "A", "b.html": "b"}
    merged(2, first)
    merged(3, second, ["index.html"])

    for patch in reversed(patches.applied(releases.current())):
        patches.revert(patches.folder_of(present(releases.current()), patch), patch)

    assert (tree(releases.public()), token()) == (trees[0], "first")
