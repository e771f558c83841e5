from __future__ import annotations

import json

import pytest

from builds.data.records import Page
from builds.render.chunks import Chunks


@pytest.mark.parametrize(
    ("pages", "size", "chunks"), [(2, 10**9, [2, 2, 1]), (100, 1, [1] * 5), (100, 10**9, [5])]
)
def test_chunks_are_cut_by_number_and_by_size(tmp_path, monkeypatch, pages, size, chunks):
    monkeypatch.setattr("builds.render.chunks.CHUNK_PAGES", pages)
    monkeypatch.setattr("builds.render.chunks.CHUNK_BYTES", size)
    with Chunks(tmp_path) as made:
        for number in range(5):
            made.add(Page(f"/tags/{number}/", "list", "x"))

    found = [json.loads(path.read_bytes()) for path in made.written]

    assert [len(chunk) for chunk in found] == chunks
    assert [page["address"] for chunk in found for page in chunk] == [
        f"/tags/{number}/" for number in range(5)
    ]


def test_no_pages_make_no_chunk(tmp_path):
    with Chunks(tmp_path) as made:
        pass

    assert (made.written, list(tmp_path.iterdir())) == ([], [])
