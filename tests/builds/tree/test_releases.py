from __future__ import annotations

import os

import pytest

from builds.tree import releases as tree
from ghost.core.errors import OutageError
from tests.presence import present


def put(body, number=1):
    draft = tree.begin(number)
    (draft.site / "index.html").write_text(body)
    tree.prepare(draft, f"token {number}")
    tree.publish(draft)
    tree.prune()
    return draft.name


def shown():
    return (tree.public() / "index.html").read_text()


def releases():
    return sorted(path.name for path in tree.releases().iterdir())


def test_publish_puts_the_new_site_in_place_of_the_old():
    put("old")

    put("new", 2)

    assert shown() == "new"
    assert tree.token_of(tree.current()) == "token 2"
    assert [path.name for path in tree.public().iterdir()] == ["index.html"]


def test_a_reader_of_the_old_site_can_finish():
    put("old")
    here = tree.public().resolve()

    put("new", 2)

    assert (here / "index.html").read_text() == "old"


def test_publish_keeps_as_many_releases_as_wanted(configure):
    configure(site_releases_keep=2)

    names = [put(str(number), number) for number in range(1, 5)]

    assert releases() == names[-2:]


def test_the_public_release_is_kept_though_it_is_an_old_one(configure):
    first, second = put("first"), put("second", 2)
    tree.swap_to(tree.releases() / first)
    configure(site_releases_keep=1)

    tree.prune()

    assert releases() == [first, second]
    assert shown() == "first"


def test_begin_removes_what_a_dead_builder_left():
    name = put("whole")
    tree.begin(2)

    draft = tree.begin(3)

    assert releases() == sorted([name, draft.folder.name])
    assert shown() == "whole"


def test_a_draft_that_another_builder_cleared_away_is_not_published():
    put("good")
    stale = tree.begin(2)
    after = tree.begin(3)

    with pytest.raises(OutageError) as refused:
        tree.prepare(stale, "stale")

    assert str(refused.value) == "This build's draft is gone; another builder took over."
    assert shown() == "good"
    assert not stale.folder.exists()
    assert after.folder.name in releases()


def test_files_are_on_the_disk_before_the_token_vouches_for_them(monkeypatch):
    draft = tree.begin(1)
    (draft.site / "index.html").write_text("site")
    seen = []
    monkeypatch.setattr(
        os, "sync", lambda: seen.append(sorted(p.name for p in draft.folder.iterdir()))
    )

    tree.prepare(draft, "token")

    assert seen == [["site"]]


def test_a_real_folder_in_the_way_is_kept_as_the_oldest_release():
    tree.public().mkdir(parents=True)
    (tree.public() / "index.html").write_text("by hand")

    name = put("ours")

    assert shown() == "ours"
    oldest = tree.releases() / releases()[0]
    assert (oldest / "site" / "index.html").read_text() == "by hand"
    assert releases()[1:] == [name]


@pytest.mark.parametrize("damage", ["", "[]", '{"look": 1}'])
def test_a_damaged_state_is_none_that_anyone_knows(damage):
    put("site")
    (present(tree.current()) / tree.STATE).write_text(damage)

    assert tree.token_of(tree.current()) == ""


def test_a_site_that_was_moved_away_is_in_no_state():
    put("site")
    present(tree.current()).rename(tree.releases().with_name("moved"))

    assert tree.current() is None


def test_there_is_no_release_before_the_first_site():
    assert tree.current() is None
    assert tree.token_of(None) == ""
    assert tree.complete() == []


def test_no_two_states_have_one_name():
    assert len({tree.new_token() for _ in range(100)}) == 100
