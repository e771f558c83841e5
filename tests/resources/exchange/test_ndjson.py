"""Lines of NDJSON are read one by one, whatever they hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ghost.core.errors import RefusedError
from ghost.core.heartbeats import workers
from resources.exchange import document, ndjson, records
from resources.exchange.report import Line
from resources.models import Resource
from tests.resources.catalog_files import CATEGORY, HEADER, PUBLISHER, RESOURCE
from tests.resources.exchanges import run

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


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-32")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_read_whatever_they_are_written_in_and_end_in(tmp_path, encoding, end):
    path = tmp_path / "catalog.ndjson"
    lines = (HEADER, PUBLISHER, CATEGORY, RESOURCE | {"title": "旧"}, RESOURCE | {"title": 7})
    path.write_bytes(end.join(map(json.dumps, lines)).encode(encoding))

    told = run("import_catalog", path)

    assert (told["created"], told["refused"]) == (1, 1)
    assert told.lines[0].startswith("line 5: refused: title: ")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_document_is_read_whatever_it_is_written_in(tmp_path, encoding):
    path = tmp_path / "catalog.json"
    whole = HEADER | {"records": [PUBLISHER, CATEGORY, RESOURCE | {"title": "旧"}]}
    path.write_bytes(json.dumps(whole, ensure_ascii=False).encode(encoding))

    told = run("import_catalog", path)

    assert (told.error, Resource.objects.get().title) == ("", "旧")


@pytest.mark.parametrize("name", ["catalog.json", "catalog.ndjson"])
def test_a_damaged_record_of_utf_16_is_refused_and_the_others_go_in(tmp_path, name):
    damaged = RESOURCE | {"title": "旧!", "magnet_uri": f"magnet:?xt=urn:btih:{'9' * 40}"}
    listed = [PUBLISHER, CATEGORY, damaged, RESOURCE]
    text = (
        json.dumps(HEADER | {"records": listed}, ensure_ascii=False)
        if name.endswith(".json")
        else "\n".join(json.dumps(each, ensure_ascii=False) for each in (HEADER, *listed))
    )
    # Half of a pair of surrogates, alone.
    body = text.encode("utf-16").replace("旧".encode("utf-16-le"), b"\x00\xd8")
    (tmp_path / name).write_bytes(body)

    told = run("import_catalog", tmp_path / name)

    assert (told["created"], told["refused"]) == (1, 1)
    assert records.NO_TEXT in told.lines[0]


@pytest.mark.parametrize(
    "twice", ['"title": "B"', '"ti\\u0074le": "A work"', '"checksums": [{"a": "b", "a": "c"}]']
)
def test_a_field_that_stands_there_twice_is_refused(tmp_path, twice):
    path = tmp_path / "catalog.ndjson"
    lines = [json.dumps(each) for each in (HEADER, PUBLISHER, CATEGORY, RESOURCE)]
    lines[3] = lines[3].removesuffix("}") + f", {twice}}}"
    path.write_text("\n".join(lines))

    told = run("import_catalog", path)

    assert (told["created"], told["refused"]) == (0, 1)
    assert "It stands there twice." in told.lines[0]


def test_an_import_says_that_no_worker_is_there_to_probe(tmp_path):
    path = tmp_path / "catalog.ndjson"
    path.write_text("\n".join(map(json.dumps, (HEADER, PUBLISHER, CATEGORY, RESOURCE))))
    workers.look.suppose(is_alive=False, for_s=60)

    told, again = run("import_catalog", path), run("import_catalog", path)

    assert told.lines == [str(workers.PROBE_WAITS())]
    assert (again["created"], again.lines) == (0, [])
