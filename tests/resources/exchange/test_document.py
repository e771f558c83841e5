"""JSON holds what NDJSON holds, in any layout."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghost.core.errors import RefusedError
from resources.exchange import document
from tests.resources.catalog_files import CATEGORY, HEADER, PUBLISHER, RESOURCE, records_in
from tests.resources.exchanges import bring_out, take_in, wipe

pytestmark = pytest.mark.django_db


def test_json_and_ndjson_hold_the_same_records(catalog, tmp_path):
    ndjson, document = tmp_path / "a.ndjson", tmp_path / "a.json"
    bring_out(ndjson)

    found = json.loads(bring_out(document))

    header, *lines = records_in(ndjson)
    assert found == header | {"records": lines}


def test_json_in_any_layout_is_read(catalog, tmp_path):
    path, again = tmp_path / "a.json", tmp_path / "b.json"
    before = bring_out(path)
    found = json.loads(before)
    path.write_text("\ufeff" + json.dumps(found, indent=3, sort_keys=True), encoding="utf-8")
    wipe()

    told = take_in(path)

    assert told.error == ""
    assert bring_out(again) == before


def test_a_record_without_end_is_skipped(read, monkeypatch):
    monkeypatch.setattr(document, "MAX_LINE_BYTES", 2000)
    huge = RESOURCE | {"content_markdown": "x" * 9000}
    whole = HEADER | {"records": [PUBLISHER, CATEGORY, huge, RESOURCE]}

    told = read(json.dumps(whole), header=None, name="a.json")

    assert (told["created"], told["refused"]) == (1, 1)
    assert "record 3: refused: The record has more than" in told.lines[0]


@given(st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
))  # fmt: skip
def test_any_json_beside_the_list_is_passed_over_or_refused(other):
    body = json.dumps({"x": other, **HEADER, "records": [RESOURCE], "y": other}).encode()

    with pytest.raises(RefusedError, match="no catalog"):  # it has fields that none has
        document.Document(body)
