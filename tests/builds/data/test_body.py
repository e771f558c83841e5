from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builds.data.body import (
    LISTED_DEPTH,
    LISTED_FILES,
    NAMED_FILES,
    Body,
    make_body,
    source_digest,
)
from resources.models import Resource
from resources.torrents import metadata
from tests import make
from tests.presence import present


def body_of(*paths: str, **kwargs) -> Body:
    files = tuple(metadata.File(path, 1000) for path in paths)
    return make_body("<p>x</p>", make.torrent_metadata("0" * 40, files=files, **kwargs))


def test_a_body_has_its_files_as_a_tree_with_sizes_for_people():
    found = body_of("work/a.txt", "work/disc 1/b.flac", "work/disc 1/c.flac")

    flacs = [{"name": "b.flac", "size": "0.98 KiB"}, {"name": "c.flac", "size": "0.98 KiB"}]
    disc = {"name": "disc 1", "size": "1.95 KiB", "children": flacs}
    top = [{"name": "a.txt", "size": "0.98 KiB"}, disc]
    assert found.html == "<p>x</p>"
    assert found.tree == [{"name": "work", "size": "2.93 KiB", "children": top}]
    assert found.file_names == ["a.txt", "b.flac", "c.flac"]
    assert found.tree_cut == 0


def test_what_no_probe_found_has_neither_tree_nor_names():
    assert make_body("<p>x</p>", None) == Body("<p>x</p>", [], 0, [])


def test_a_long_list_is_cut_and_says_by_how_much():
    many = [f"work/{number:05}.txt" for number in range(LISTED_FILES + 7)]

    found = body_of(*many)

    (top,) = found.tree
    assert len(top["children"]) == LISTED_FILES
    assert found.tree_cut == 7
    assert top["size"] == "1.91 MiB"  # of all that is in it, listed or not
    assert len(found.file_names) == NAMED_FILES


def test_what_lies_too_deep_is_left_out_and_counts_for_the_size_of_its_folders():
    found = body_of("work/a.txt", "/".join("d" * (LISTED_DEPTH + 1)))

    assert [node["name"] for node in found.tree] == ["work", "d"]
    assert found.tree[1]["size"] == found.tree[0]["size"]
    assert found.tree_cut == 1


@given(st.text(), st.lists(st.text()), st.integers(0, 2**40))
def test_what_was_packed_is_read_as_it_was(html, names, cut):
    body = Body(html, [{"name": name, "size": "1 B"} for name in names], cut, names)

    assert Body.unpack(body.packed) == body


def test_equal_bodies_are_packed_alike():
    assert body_of("work/a", "work/b").packed == body_of("work/a", "work/b").packed


@pytest.mark.django_db
def test_the_source_is_another_one_with_all_that_a_body_is_made_from():
    row = make.resource()
    before = source_digest(row)
    others = [
        Resource(**(plain(row) | change))
        for change in (
            {"content_markdown": row.content_markdown + " "},
            {"magnet_uri": row.magnet_uri + "&tr=http://a.example/"},
            {"magnet_hash": "0" * 40},
            {"probed_at": present(row.probed_at) + timedelta(microseconds=1)},
            {"content_markdown": row.content_markdown + "\ud800"},
            {"checksums": [{"algorithm": "md5", "value": "0" * 32, "file": ""}]},
        )
    ]

    assert len({before, *map(source_digest, others)}) == 7
    assert source_digest(Resource(**(plain(row) | {"title": "Another"}))) == before


def plain(row: Resource) -> dict:
    fields = (
        "magnet_uri", "magnet_hash", "probed_at", "content_markdown", "title", "checksums",
    )  # fmt: skip
    return {name: getattr(row, name) for name in fields}


@pytest.mark.django_db
def test_another_renderer_is_another_source(monkeypatch):
    row = make.resource()
    before = source_digest(row)
    monkeypatch.setattr("builds.data.body._renderer", lambda: b"another")

    assert source_digest(row) != before
