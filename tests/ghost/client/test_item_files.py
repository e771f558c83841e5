"""NDJSON and CSV as people write them."""

import io
from typing import Any

import pytest

from ghost.client import SetupError
from ghost.client.item_files import read_items


def items(text, *, is_csv):
    notes: list[Any] = []
    read = list(read_items(io.BytesIO(text.encode()), is_csv=is_csv, notify=notes.append))
    return [(each.line, each.values or each.error.partition(":")[0]) for each in read], notes


def test_ndjson_is_an_object_in_each_line():
    text = '\ufeff{"title": "One"}\n\n[1]\n{not json\n{"title": NaN}\n'

    assert items(text, is_csv=False)[0] == [
        (1, {"title": "One"}),
        (3, "A line must be a JSON object."),
        (4, "This line is not JSON"),
        (5, "This line is not JSON"),
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_csv_tells_its_separator_in_its_first_line(separator):
    rows = [["title", "category_id", "tags"], ["One", "12", '"a;b"'], ["Two", "", ""]]
    text = "\n".join(separator.join(cells) for cells in rows)

    assert items(text, is_csv=True)[0] == [
        (2, {"title": "One", "category_id": 12, "tags": ["a", "b"]}),
        (3, {"title": "Two"}),
    ]


def test_csv_of_a_list_makes_drafts_and_leaves_out_what_nobody_sets():
    read, notes = items("id,title,state,published_at\n7,One,draft,\n8,Two,live,\n", is_csv=True)

    assert read == [(2, {"title": "One", "published_at": None}), (3, {"title": "Two"})]
    assert notes == ["Nobody sets these columns, so they are left out: id, state"]


@pytest.mark.parametrize("text", ["", "title,colour\nx,y\n"])
def test_csv_whose_first_line_names_no_fields_is_refused(text):
    with pytest.raises(SetupError, match="The first line must name the fields"):
        items(text, is_csv=True)


def test_csv_that_breaks_off_says_where():
    assert items('title\nOne\n"Two', is_csv=True)[0] == [
        (2, {"title": "One"}),
        (3, "The file can't be read further"),
    ]
