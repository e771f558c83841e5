"""Files that mean harm, or were damaged: told by their place, and the others go in."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ghost.core.errors import RefusedError
from resources.exchange import document, ndjson, records
from resources.exchange.report import Line
from resources.models import Category, Resource
from resources.torrents import metadata
from teams.models import Team, Token
from tests import make
from tests.resources.exchanges import bring_out, take_in, wipe

HEADER = {"format": "ghost-catalog", "version": 1, "counts": {}}
HASH = "ab" * 20
PUBLISHER = {"type": "publisher", "ref": 1, "role": "Publisher", "name": "Ada"}
CATEGORY = {"type": "category", "path": "films", "name": "Films"}
RESOURCE = {
    "type": "resource", "title": "A work", "magnet_uri": f"magnet:?xt=urn:btih:{HASH}",
    "category": "films", "publisher": 1,
}  # fmt: skip
FILES = {
    "magnet_hash": HASH, "name": "work", "total_size_bytes": 1, "piece_length": 16384,
    "files": [{"path": "work/a", "size": 1}], "num_peers": 0, "fetched_at": "2026-01-01T00:00:00Z",
}  # fmt: skip


@pytest.fixture
def read(db, tmp_path):
    """Import these records; each may be bytes, as it stands in the file."""

    def take(*lines, header=HEADER, name="a.ndjson", options=()):
        path = tmp_path / name
        whole = [json.dumps(header), *lines] if header else lines
        path.write_bytes(b"".join(_line(each) for each in whole))
        return take_in(path, *options)

    return take


def _line(each):
    if isinstance(each, bytes):
        return each + b"\n"
    return (each if isinstance(each, str) else json.dumps(each)).encode() + b"\n"


def test_a_resource_needs_no_more_than_this(read):
    told = read(PUBLISHER, CATEGORY, RESOURCE)

    row = Resource.objects.get()
    assert (told.error, told["created"]) == ("", 1)
    assert (row.title, row.category.name, row.publisher.display_name) == ("A work", "Films", "Ada")
    assert row.probe_due_at is not None


BAD = {
    "no JSON": (b"{", "Invalid JSON"),
    "no object": (b"[1]", "Input should be an object"),
    "no type": ({"title": "x"}, "Unable to extract tag using discriminator 'type'"),
    "unknown type": ({"type": "secret"}, "Input tag 'secret'"),
    "an unknown field": (RESOURCE | {"sudo": 1}, "sudo: Extra inputs are not permitted"),
    "no title": ({k: v for k, v in RESOURCE.items() if k != "title"}, "title: Field required"),
    "an empty title": (RESOURCE | {"title": " \u202e "}, "A title is required."),
    "a long title": (RESOURCE | {"title": "x" * 301}, "at most 300 characters"),
    "a number for a title": (RESOURCE | {"title": 7}, "title: Input should be a valid string"),
    "a zero byte": (RESOURCE | {"content_markdown": "a\x00b"}, "content_markdown: String should match"),
    "half a pair": (json.dumps(RESOURCE).replace("A work", r"\ud800").encode(), "Invalid JSON"),
    "not UTF-8": (json.dumps(RESOURCE).encode().replace(b"A work", b"\xff\xfe"), "Invalid JSON"),
    "UTF-16": (json.dumps(RESOURCE).encode("utf-16"), "Invalid JSON"),
    "too deep": (b'{"type":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "Invalid JSON"),
    "a huge number": (RESOURCE | {"file_count": 10**400}, "file_count: "),
    "no magnet": (RESOURCE | {"magnet_uri": "https://x"}, "A magnet link starts with magnet:?"),
    "zeros": (RESOURCE | {"magnet_uri": "magnet:?xt=urn:btih:" + "0" * 40}, "all zeros"),
    "a huge text": (RESOURCE | {"content_markdown": "x" * 100_001}, "at most 100 kB"),
    "many tags": (RESOURCE | {"tags": [str(n) for n in range(31)]}, "at most 30 tags"),
    "a cover elsewhere": (RESOURCE | {"cover_image_url": "file:///etc/passwd"}, "valid URL"),
    "a date without a zone": (RESOURCE | {"published_at": "2026-01-01T00:00:00"}, "timezone info"),
    "no licence": (RESOURCE | {"licence": "Do what you want"}, "SPDX"),
    "no checksum": (RESOURCE | {"checksums": [{"algorithm": "md4"}]}, "The algorithm of a checksum must be one of"),
    "no category": (RESOURCE | {"category": None}, "It names no category. Give --category PATH."),
    "an unknown category": (RESOURCE | {"category": "x"}, "There is no category “x”"),
    "an unknown publisher": (RESOURCE | {"publisher": 9}, "Its publisher is not in. Give --publisher"),
    "an unknown team": (RESOURCE | {"team": 9}, "Its team is not in"),
    "a key too high": (RESOURCE | {"id": 2**62}, "id: Input should be less than"),
    "files of another": (RESOURCE | {"metadata": FILES | {"magnet_hash": "cd" * 20}}, "another torrent"),
    "an info of another": (RESOURCE | {"metadata": FILES | {"info": "ZGU="}}, "another torrent"),
    "a path that leads out": (
        RESOURCE | {"metadata": FILES | {"files": [{"path": "../../x", "size": 1}]}}, "leads out"),
    "a path from the root": (
        RESOURCE | {"metadata": FILES | {"files": [{"path": "/x", "size": 1}]}}, "leads out"),
    "a path too deep": (
        RESOURCE | {"metadata": FILES | {"files": [{"path": "d/" * 101 + "x", "size": 1}]}}, "too deep"),
    "a control character": (
        RESOURCE | {"metadata": FILES | {"files": [{"path": "a\nb", "size": 1}]}}, "match pattern"),
    "a negative size": (
        RESOURCE | {"metadata": FILES | {"files": [{"path": "a", "size": -1}]}}, "greater than"),
    "a hash with a path": (RESOURCE | {"supersedes": "../../../x"}, "supersedes: String should match"),
    "a category with a path": (CATEGORY | {"path": "../../x"}, "not made of slugs"),
    "a category of nothing": (CATEGORY | {"path": ""}, "not made of slugs"),
    "the pages' category": (CATEGORY | {"path": "page"}, "reserved for the pages"),
    "a category below nothing": (CATEGORY | {"path": "none/below"}, "There is no category “none”"),
    "a Torznab number": (CATEGORY | {"path": "x", "torznab_id": 5}, "1000"),
    "an unknown role": (PUBLISHER | {"ref": 2, "role": "God"}, "role: Input should be"),
    "a member of no team": (PUBLISHER | {"ref": 2, "role": "TeamMember"}, "A team member has a team"),
    "a hash that is none": (PUBLISHER | {"ref": 2, "token_hash": "x"}, "token_hash: String should match"),
    "a block of nothing": ({"type": "block", "info_hash": "x"}, "info_hash: String should match"),
    "a team of nobody": ({"type": "team", "id": 1, "name": "T", "owner": 9}, "Its owner is not in"),
}  # fmt: skip


@pytest.mark.parametrize(("bad", "reason"), BAD.values(), ids=BAD)
def test_a_bad_line_is_told_and_the_others_go_in(read, bad, reason):
    good = RESOURCE | {"magnet_uri": f"magnet:?xt=urn:btih:{'ef' * 20}"}

    told = read(PUBLISHER, CATEGORY, bad, good)

    assert (told["created"], told["refused"]) == (1, 1)
    assert told.lines[0].startswith("line 4: refused: ")
    assert reason in told.lines[0]
    assert "1 was refused; the others are in." in told.error


def test_a_line_without_end_is_skipped(read, monkeypatch):
    monkeypatch.setattr(ndjson, "MAX_LINE_BYTES", 2000)
    huge = RESOURCE | {"content_markdown": "x" * 9000}

    told = read(PUBLISHER, CATEGORY, huge, RESOURCE)

    assert (told["created"], told["refused"]) == (1, 1)
    assert "line 4: refused: The line has more than" in told.lines[0]


def test_a_record_without_end_is_skipped(read, monkeypatch):
    monkeypatch.setattr(document, "MAX_LINE_BYTES", 2000)
    huge = RESOURCE | {"content_markdown": "x" * 9000}
    whole = HEADER | {"records": [PUBLISHER, CATEGORY, huge, RESOURCE]}

    told = read(json.dumps(whole), header=None, name="a.json")

    assert (told["created"], told["refused"]) == (1, 1)
    assert "record 3: refused: The record has more than" in told.lines[0]


@pytest.mark.parametrize("suffix", ["ndjson", "json"])
@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (HEADER | {"version": 2}, "of version 2, and this Ghost reads version 1"),
        (HEADER | {"version": "1"}, "This is no catalog of Ghost's"),
        (HEADER | {"format": "other"}, "This is no catalog of Ghost's"),
        ({"title": "x"}, "This is no catalog of Ghost's"),
        (HEADER | {"more": 1}, "This is no catalog of Ghost's"),
    ],
)
def test_another_version_or_format_is_refused(read, suffix, header, reason):
    body = header if suffix == "ndjson" else header | {"records": []}

    told = read(*[RESOURCE][: suffix == "ndjson"], header=body, name=f"a.{suffix}")

    assert reason in told.error
    assert not Resource.objects.exists()


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b"\x00" * 500, b"{" * 100_000, b'{"records":', b'{"records": [{',
     b'"records" [', b"<xml/>", b"\xff\xfe{\x00"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["json", "ndjson"])
def test_what_is_no_catalog_is_refused(read, kind, body):
    told = read(body, header=None, options=("--format", kind))

    assert "no catalog of Ghost's" in told.error or "cut off" in told.error


@pytest.mark.parametrize("name", ["a.ndjson", "a.json"])
def test_a_file_that_was_cut_off_is_told(db, tmp_path, name):
    for _ in range(3):
        make.resource()
    path = tmp_path / name
    whole = bring_out(path)
    wipe()
    path.write_bytes(whole[: int(len(whole) * 0.7)])

    told = take_in(path)

    assert "cut off" in told.error


def test_a_file_with_lines_missing_is_told(db, tmp_path):
    for _ in range(3):
        make.resource()
    path = tmp_path / "a.ndjson"
    lines = bring_out(path).splitlines(keepends=True)
    wipe()
    path.write_bytes(b"".join(lines[:-1]))

    told = take_in(path)

    assert "promises 5 records and has 4: it was cut off. What came before it is in." in told.error
    assert Resource.objects.count() == 2


def test_many_refusals_are_counted_and_the_report_has_all(read, tmp_path):
    report = tmp_path / "report"

    told = read(*[b"{"] * 30, options=("--report", report))

    kept = [json.loads(line) for line in report.read_text().splitlines()]
    assert [each["place"] for each in kept] == [f"line {n}" for n in range(2, 32)]
    assert {*kept[0]} == {"outcome", "place", "reason", "advice"}
    assert len(told.lines) == 21
    assert told.lines[-1] == "… more: --report FILE has them all."


def test_a_missing_file_is_told(db, tmp_path):
    told = take_in(tmp_path / "none")

    assert told.error == f"There is no file or folder “{tmp_path / 'none'}”."


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ((), "has 4: it was cut off. What came before it is in."),
        (("--dry-run",), "has 4: it was cut off."),
    ],
)
def test_only_what_is_kept_is_told_to_be_in(db, tmp_path, option, told):
    for _ in range(3):
        make.resource()
    path = tmp_path / "a.ndjson"
    lines = bring_out(path).splitlines(keepends=True)
    wipe()
    path.write_bytes(b"".join(lines[:-1]))

    error = take_in(path, *option).error

    assert error == f"The file promises 5 records and {told}"


@pytest.mark.parametrize(
    ("lines", "options", "error"),
    [
        ([b"{"], (), "1 was refused."),
        ([b"{", b"{"], (), "2 were refused."),
        ([PUBLISHER, b"{"], (), "1 was refused; the others are in."),
        ([PUBLISHER, b"{"], ("--dry-run",), "1 would be refused."),
    ],
)
def test_the_others_are_in_only_if_there_are_some(read, lines, options, error):
    assert read(*lines, options=options).error == error


def test_a_refused_category_refuses_what_lies_in_it(read):
    told = read(PUBLISHER, CATEGORY | {"name": ""}, RESOURCE)

    assert (told["refused"], Category.objects.count(), Resource.objects.count()) == (2, 0, 0)


def test_an_admin_token_comes_in_only_once(read):
    admin = PUBLISHER | {"role": "Admin", "token_hash": "ef" * 32}

    read(admin)
    read(admin)

    assert Token.objects.count() == 1


def test_names_are_found_as_they_are_kept(read):
    team = {"type": "team", "id": 1, "name": "The  team\n", "owner": 1}
    whole = (PUBLISHER | {"name": " Ada \n B"}, team, CATEGORY, RESOURCE)

    read(*whole)
    told = read(*whole)

    assert (told["skipped"], Token.objects.count(), Team.objects.count()) == (1, 1, 1)


def test_a_chain_that_runs_backwards_comes_in(read):
    def release(number):
        return RESOURCE | {
            "magnet_uri": f"magnet:?xt=urn:btih:{number:040x}",
            "supersedes": f"{number - 1:040x}" if number > 1 else None,
        }

    told = read(PUBLISHER, CATEGORY, *map(release, range(40, 0, -1)))

    assert (told.error, told["created"], told["mended"]) == ("", 40, 0)
    assert Resource.objects.filter(supersedes__isnull=False).count() == 39


def test_two_publishers_of_one_hash_are_one(read):
    both = [PUBLISHER | {"ref": n, "token_hash": "ef" * 32, "name": str(n)} for n in (1, 2)]

    told = read(*both, CATEGORY, RESOURCE | {"publisher": 2})

    assert (told.error, Resource.objects.get().publisher.display_name) == ("", "1")


# -- the formats themselves


simple = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
resources = st.builds(
    records.ResourceRecord,
    title=simple,
    magnet_uri=simple,
    content_markdown=simple,
    tags=st.lists(simple, max_size=3),
    checksums=st.lists(st.dictionaries(simple, simple, max_size=2), max_size=2),
    takedown_reason=simple,
)


@given(st.lists(resources, max_size=4))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_is_there_and_back_in_both_formats(tmp_path, found):
    path = tmp_path / "a"
    header = records.Header(version=1, counts={})
    with path.open("wb") as stream:
        list(document.write(stream, header, found))
    with (tmp_path / "b").open("wb") as stream:
        list(ndjson.write(stream, header, found))

    as_list = document.Document(path.read_bytes())
    with (tmp_path / "b").open("rb") as stream:
        ndjson.read_header(stream)
        lines = list(ndjson.read(stream))

    assert [line.what for line in as_list.read()] == found
    assert [line.what for line in lines] == found


@given(st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
))  # fmt: skip
def test_any_json_beside_the_list_is_passed_over_or_refused(other):
    body = json.dumps({"x": other, **HEADER, "records": [RESOURCE], "y": other}).encode()

    with pytest.raises(RefusedError, match="no catalog"):  # it has fields that none has
        document.Document(body)


@given(st.binary(max_size=300))
@hypothesis_settings(deadline=None)
def test_any_bytes_are_read_as_lines_or_refused(body):
    whole = json.dumps(HEADER).encode() + b"\n" + body

    import io

    stream = io.BytesIO(whole)
    ndjson.read_header(stream)
    for line in ndjson.read(stream):
        assert isinstance(line, Line)
    with pytest.raises(RefusedError):
        document.Document(body)


def test_random_damage_never_gets_worse_than_a_refusal(db, tmp_path):
    dice = random.Random(1)
    for _ in range(3):
        make.resource()
    path = tmp_path / "a.ndjson"
    whole = bring_out(path)
    wipe()

    for _ in range(25):
        body = bytearray(whole)
        for _ in range(4):
            body[dice.randrange(len(body))] = dice.randrange(256)
        path.write_bytes(bytes(body))
        take_in(path)

    assert {row.magnet_hash for row in Resource.objects.all()} >= set()
    assert all(
        metadata.load(r.magnet_hash) for r in Resource.objects.filter(probed_at__isnull=False)
    )
