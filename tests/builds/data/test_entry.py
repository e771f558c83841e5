from __future__ import annotations

from builds.data.entry import Entry, Picture
from tests import make


def test_an_entry_is_read_as_it_was_stored():
    entry = make.entry(tags=("a", "公"), cover=Picture("ab", 2, 1), replaces=3)

    assert Entry.from_json(entry.json) == entry


def test_of_two_spellings_of_a_tag_the_first_is_shown():
    assert make.entry(tags=("Film", "film", "Öl")).tag_slugs == {"film": "Film", "öl": "Öl"}


def test_a_size_that_is_not_known_is_not_shown():
    assert make.entry(size_bytes=None).size is None
