from __future__ import annotations

import pytest

from builds.search import page
from builds.search.documents import document, size_class, size_digits
from tests.builds.search.test_page import GIB, MIB, TAXONOMY, entry


def test_a_document_is_found_by_all_that_names_it():
    given = entry(
        12, "Über 图书馆", category=2, publisher=1, team=1, tags=("C++",), summary="Some text",
        size_bytes=3 * GIB, dht_status="Stale", hash_v2="ab" * 32,
    )  # fmt: skip

    doc = document(given, TAXONOMY, ["a/Track 1.FLAC"])

    assert {word for word in doc.words if word[0] != "#"} == {
        "uber", "图书", "书馆", "馆", "some", "text", "c", "books", "古典", "典文", "文学", "学", "ada", "lovelace", "night", "shift",
    }  # fmt: skip
    assert {word for word in doc.words if word[0] == "#"} == {
        "#c:1", "#c:2", "#t:c-plus-plus", "#h:stale", "#p:ada-lovelace", "#y:2025", "#s:3",
        "#e:night-shift",
    }  # fmt: skip
    assert doc.names == {"a", "track", "1", "flac"}
    assert doc.hashes == {f"{12:040x}"[:10], "ababababab"}
    assert doc.row == (
        12, "Über 图书馆", "Some text", 2, [["C++", "c-plus-plus"]], ["Ada Lovelace", "Night shift"],
        "3.00 GiB", 3 * GIB, 2, "stale", "2025-01-02", f"{12:040x}", "ab" * 32, "",
    )  # fmt: skip


def test_only_the_first_file_names_count():
    doc = document(entry(1, "x"), TAXONOMY, [f"n{number}" for number in range(300)])

    assert len(doc.names) == 200


@pytest.mark.parametrize(
    ("size_bytes", "expected"),
    [
        (None, 0),
        (0, 1),
        (100 * MIB - 1, 1),
        (100 * MIB, 2),
        (GIB, 3),
        (10 * GIB, 4),
        (100 * GIB, 5),
    ],
)
def test_size_classes_begin_where_the_page_says(size_bytes, expected):
    assert size_class(size_bytes) == expected


def test_size_digits_compare_as_sizes():
    sizes = [None, 1, 2, 1000, 1020, 10**9, int(1.02 * 10**9), 10**15, 2**63 - 1]

    assert [size_digits(size) for size in sizes] == sorted({size_digits(size) for size in sizes})


def test_the_page_offers_categories_that_have_something():
    found = page.page(TAXONOMY, {1: 5, 2: 5, 3: 0})

    assert (found.address, found.layout) == ("/search/", "search")
    assert found.params["categories"] == [
        {"id": 1, "name": "Books", "trail": "Books", "address": "/categories/books/", "depth": 0, "count": 5},
        {"id": 2, "name": "古典文学", "trail": "Books / 古典文学", "address": "/categories/books/古典文学/", "depth": 1, "count": 5},
    ]  # fmt: skip
