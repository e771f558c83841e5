from __future__ import annotations

import pytest

from builds import release
from builds.release import Manifest


def put(body, number=1):
    draft = release.begin(number)
    (draft.site / "index.html").write_text(body)
    return draft, release.publish(draft, Manifest("look", {"/": body}))


def shown():
    return (release.public() / "index.html").read_text()


def releases():
    return sorted(path.name for path in (release.public().parent / "releases").iterdir())


def test_publish_puts_the_new_site_in_place_of_the_old():
    put("old")

    put("new", 2)

    assert shown() == "new"
    assert release.current() == Manifest("look", {"/": "new"})
    assert not (release.public() / "manifest.json").exists()


def test_a_reader_of_the_old_site_can_finish():
    put("old")
    here = release.public().resolve()

    put("new", 2)

    assert (here / "index.html").read_text() == "old"


def test_publish_keeps_as_many_releases_as_wanted(configure):
    configure(site_releases_keep=2)

    names = [put(str(number), number)[1] for number in range(1, 5)]

    assert releases() == names[-2:]


def test_begin_removes_what_a_dead_builder_left():
    _, name = put("whole")
    release.begin(2)

    draft = release.begin(3)

    assert releases() == [name, draft.folder.name] or releases() == [draft.folder.name, name]
    assert shown() == "whole"


def test_a_real_folder_in_the_way_is_kept_as_the_oldest_release():
    release.public().mkdir(parents=True)
    (release.public() / "index.html").write_text("by hand")

    _, name = put("ours")

    assert shown() == "ours"
    oldest = release.public().parent / "releases" / releases()[0]
    assert (oldest / "site" / "index.html").read_text() == "by hand"
    assert releases()[1:] == [name]


@pytest.mark.parametrize("damage", ["", "[]", '{"look": 1, "other": 2}'])
def test_a_damaged_manifest_is_none(damage):
    put("site")
    (release.public().resolve().parent / release.MANIFEST).write_text(damage)

    assert release.current() is None


def test_there_is_no_manifest_before_the_first_site():
    assert release.current() is None
