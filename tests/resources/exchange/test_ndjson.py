"""Lines of NDJSON are read one by one, whatever they hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ghost.core.errors import RefusedError
from resources.exchange import document, ndjson
from resources.exchange.report import Line
from tests.resources.catalog_files import CATEGORY, HEADER, PUBLISHER, RESOURCE

pytestmark = pytest.mark.django_db


def test_a_line_without_end_is_skipped(read, monkeypatch):
    monkeypatch.setattr(ndjson, "MAX_LINE_BYTES", 2000)
    huge = RESOURCE | {"content_markdown": "x" * 9000}

    told = read(PUBLISHER, CATEGORY, huge, RESOURCE)

    assert (told["created"], told["refused"]) == (1, 1)
    assert "line 4: refused: The line has more than" in told.lines[0]


@given(st.binary(max_size=300))
@hypothesis_settings(deadline=None)
def test_any_bytes_are_read_as_lines_or_refused(body):
    whole = json.dumps(HEADER).encode() + b"\n" + body

    import io

    stream = io.BytesIO(whole)
    for line in ndjson.Lines(stream).read():
        assert isinstance(line, Line)
    with pytest.raises(RefusedError):
        document.Document(body)
