"""A torrent's largest file under its true name, in each of the three layouts."""

from __future__ import annotations

from typing import Any

import libtorrent as lt
import pytest

from dht.engine.largest_file import LargestFile, largest
from resources.torrents.metadata import File
from tests import make

HASH = "ab" * 20
V1: dict[bytes, Any] = {b"piece length": 16384, b"pieces": b"x" * 20}
V2: dict[bytes, Any] = {b"piece length": 16384, b"meta version": 2}


@pytest.mark.parametrize(
    ("info", "found"),
    [
        (V1 | {b"name": b"a.iso", b"length": 7}, LargestFile((b"a.iso",), 7, is_alone=True)),
        (
            V1 | {b"name": b"w", b"files": [
                {b"length": 1, b"path": [b"small"]}, {b"length": 9, b"path": [b"d", b"\xff"]},
                {b"length": 99, b"attr": b"p", b"path": [b".pad"]},
            ]},
            LargestFile((b"w", b"d", b"\xff"), 9, is_alone=False),
        ),
        (
            V2 | {b"name": b"w", b"file tree": {
                b"d": {b"x": {b"": {b"length": 5, b"pieces root": b"r" * 32}}},
            }},
            LargestFile((b"w", b"d", b"x"), 5, is_alone=False),
        ),
        (
            V1 | {b"name.utf-8": b"b.iso", b"name": b"?", b"length": 3},
            LargestFile((b"b.iso",), 3, is_alone=True),
        ),
    ],
    ids=["one file", "v1 list without pad files", "v2 tree", "UTF-8 name"],
)  # fmt: skip
def test_the_largest_file_is_read_from_the_info_section(info, found):
    metadata = make.torrent_metadata(HASH, v1=HASH, info=lt.bencode(info))

    assert largest(metadata) == found


@pytest.mark.parametrize(
    "info",
    [b"", b"d4:name", b"d6:lengthi7e4:name5:a.isoe"],
    ids=["not kept", "damaged", "not sound"],
)
def test_without_a_readable_info_section_the_cleaned_names_are_used(info):
    metadata = make.torrent_metadata(HASH, info=info, files=(File("w/a", 1), File("w/b", 8)))

    assert largest(metadata) == LargestFile((b"w", b"b"), 8, is_alone=False)
