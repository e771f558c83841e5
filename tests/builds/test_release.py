from __future__ import annotations

import os
from contextlib import contextmanager

import pytest

from builds import release
from builds.release import Manifest
from ghost.errors import OutageError


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
    manifest = release.current()
    assert (manifest.look, manifest.records) == ("look", {"/": "new"})
    assert release.is_whole(manifest)
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


def test_a_draft_that_another_builder_cleared_away_is_not_published():
    put("good")
    stale = release.begin(2)
    after = release.begin(3)

    with pytest.raises(OutageError) as refused:
        release.publish(stale, Manifest("look", {}))

    assert str(refused.value) == "This build's draft is gone; another builder took over."
    assert shown() == "good"
    assert not stale.folder.exists()
    assert after.folder.name in releases()


def test_a_claim_that_is_refused_stops_the_swap():
    _, good = put("good")
    draft = release.begin(2)

    @contextmanager
    def claim():
        raise OutageError("given up")
        yield

    with pytest.raises(OutageError, match="given up"):
        release.publish(draft, Manifest("look", {}), claim())

    assert shown() == "good"
    assert releases() == sorted([good, draft.folder.name])


def test_files_are_on_the_disk_before_the_manifest_vouches_for_them(monkeypatch):
    draft = release.begin(1)
    (draft.site / "index.html").write_text("site")
    seen = []
    monkeypatch.setattr(
        os, "sync", lambda: seen.append(sorted(p.name for p in draft.folder.iterdir()))
    )

    release.publish(draft, Manifest("look", {}))

    assert seen == [["site"]]


@pytest.mark.parametrize(
    "damage",
    [
        lambda site: (site / "a" / "page.html").write_text(""),
        lambda site: (site / "a" / "page.html").unlink(),
        lambda site: (site / "a" / "page.html").rename(site / "a" / "other.html"),
        lambda site: (site / "more.html").write_text("more"),
        lambda site: site.rename(site.with_name("moved")),
    ],
    ids=["empty", "missing", "renamed", "added", "moved"],
)
def test_a_damaged_site_is_not_whole(damage):
    draft = release.begin(1)
    (draft.site / "a").mkdir()
    (draft.site / "a" / "page.html").write_text("page")
    release.publish(draft, Manifest("look", {}))
    assert release.is_whole(release.current())

    damage(release.public().resolve())

    assert not release.is_whole(release.current())


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
