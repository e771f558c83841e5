"""A record is read strictly; what is none is told, and the others go in."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import pytest

from ghost.core.errors import RefusedError
from resources.exchange import records
from resources.models import Resource
from tests.resources.catalog_files import CATEGORY, HASH, HEADER, PUBLISHER, RESOURCE
from tests.resources.exchanges import run

pytestmark = pytest.mark.django_db


FILES = {
    "magnet_hash": HASH, "name": "work", "total_size_bytes": 1, "piece_length": 16384,
    "files": [{"path": "work/a", "size": 1}], "num_peers": 0, "fetched_at": "2026-01-01T00:00:00Z",
}  # fmt: skip


def test_a_resource_needs_no_more_than_this(read):
    told = read(PUBLISHER, CATEGORY, RESOURCE)

    row = Resource.objects.get()
    assert (told.error, told["created"]) == ("", 1)
    assert (row.title, row.category.name, row.publisher.display_name) == ("A work", "Films", "Ada")
    assert row.probe_due_at is not None


OTHERS = (
    {"type": "block", "info_hash": HASH},
    {"type": "team", "id": 1, "name": "T", "owner": 1},
    RESOURCE | {"metadata": FILES},
)
BAD = {
    "no JSON": (b"{", "It is no JSON (line 1, column 1)."),
    "no object": (b"[1]", "refused: must be a JSON object"),
    "no type": ({"title": "x"}, 'It has no "type": one of publisher, team,'),
    "unknown type": ({"type": "secret"}, 'Its "type" is none of publisher, team,'),
    "an unknown field": (RESOURCE | {"sudo": 1}, "sudo: There is no such field."),
    "no title": ({k: v for k, v in RESOURCE.items() if k != "title"}, "title: This field is needed."),
    "an empty title": (RESOURCE | {"title": " \u202e "}, "A title is required."),
    "a long title": (RESOURCE | {"title": "x" * 301}, "at most 300 characters"),
    "a number for a title": (RESOURCE | {"title": 7}, "title: must be a text"),
    "a zero byte": (RESOURCE | {"content_markdown": "a\x00b"}, "content_markdown: may not contain a NUL character"),
    "half a pair": (json.dumps(RESOURCE).replace("A work", r"\ud800").encode(), "It is no JSON (line 1, column "),
    "not UTF-8": (json.dumps(RESOURCE).encode().replace(b"A work", b"\xff\xfe"), records.NO_TEXT),
    "UTF-16": (json.dumps(RESOURCE).encode("utf-16"), records.NO_TEXT),
    "too deep": (b'{"type":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "It is nested too deeply."),
    "a huge number": (RESOURCE | {"file_count": 10**400}, "file_count: "),
    "no magnet": (RESOURCE | {"magnet_uri": "https://x"}, "A magnet link starts with magnet:?"),
    "zeros": (RESOURCE | {"magnet_uri": "magnet:?xt=urn:btih:" + "0" * 40}, "all zeros"),
    "a huge text": (RESOURCE | {"content_markdown": "x" * 100_001}, "at most 100 kB"),
    "many tags": (RESOURCE | {"tags": [str(n) for n in range(31)]}, "at most 30 tags"),
    "a cover elsewhere": (RESOURCE | {"cover_image_url": "file:///etc/passwd"}, "valid URL"),
    "a date without a zone": (RESOURCE | {"published_at": "2026-01-01T00:00:00"}, "the zone is missing"),
    "no licence": (RESOURCE | {"licence": "Do what you want"}, "SPDX"),
    "no checksum": (RESOURCE | {"checksums": [{"algorithm": "md4"}]}, "The algorithm of a checksum must be one of"),
    "no category": (RESOURCE | {"category": None}, "It names no category. Give --category PATH."),
    "an unknown category": (RESOURCE | {"category": "x"}, "There is no category “x”"),
    "an unknown publisher": (RESOURCE | {"publisher": 9}, "Its publisher is not in. Give --publisher"),
    "an unknown team": (RESOURCE | {"team": 9}, "Its team is not in"),
    "a key too high": (RESOURCE | {"id": 2**62}, "id: must be at most 2000000000"),
    "files of another": (RESOURCE | {"metadata": FILES | {"magnet_hash": "cd" * 20}}, "another torrent"),
    "an info of another": (RESOURCE | {"metadata": FILES | {"info": "ZGU="}}, "another torrent"),
    "a path that leads out": (
        RESOURCE | {"metadata": FILES | {"files": [{"path": "../../x", "size": 1}]}}, "leads out"),
    "a path from the root": (
        RESOURCE | {"metadata": FILES | {"files": [{"path": "/x", "size": 1}]}}, "leads out"),
    "a path too deep": (
        RESOURCE | {"metadata": FILES | {"files": [{"path": "d/" * 101 + "x", "size": 1}]}}, "too deep"),
    "a control character": (
        RESOURCE | {"metadata": FILES | {"files": [{"path": "a\nb", "size": 1}]}}, "must be text without control characters"),
    "a negative size": (
        RESOURCE | {"metadata": FILES | {"files": [{"path": "a", "size": -1}]}}, "must be at least 0"),
    "a hash with a path": (RESOURCE | {"supersedes": "../../../x"}, "supersedes: must be an info-hash"),
    "a category with a path": (CATEGORY | {"path": "../../x"}, "not made of slugs"),
    "a category of nothing": (CATEGORY | {"path": ""}, "not made of slugs"),
    "the pages' category": (CATEGORY | {"path": "page"}, "reserved for the pages"),
    "a category below nothing": (CATEGORY | {"path": "none/below"}, "There is no category “none”"),
    "a Torznab number": (CATEGORY | {"path": "x", "torznab_id": 5}, "1000"),
    "an unknown role": (PUBLISHER | {"ref": 2, "role": "God"}, "role: must be one of these: Admin, Publisher, TeamMember"),
    "a member of no team": (PUBLISHER | {"ref": 2, "role": "TeamMember"}, "A team member has a team"),
    "a hash that is none": (PUBLISHER | {"ref": 2, "token_hash": "x"}, "token_hash: must be a token's hash: 64 digits of 0-9 and a-f"),
    "a block of nothing": ({"type": "block", "info_hash": "x"}, "info_hash: must be an info-hash"),
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


WRONG: tuple[Any, ...] = (
    None,
    True,
    1.5,
    -1,
    10**400,
    "",
    "x",
    "\x00",
    [],
    [1],
    {},
    {"a": 1},
    "2026-13-01",
    "0" * 40,
    [["a"]],
)
FOREIGN = re.compile(
    "Input|should|valid (string|integer|list|dictionary)|[Pp]ydantic|constrained|function-|discriminator|Extra|required"
)


@pytest.mark.parametrize(
    "whole", [RESOURCE, PUBLISHER, CATEGORY, *OTHERS], ids=lambda each: each["type"]
)
def test_no_word_of_the_librarys_is_told(whole):
    kind = {each.model_fields["type"].default: each for each in get_args(records.Record)}[
        whole["type"]
    ]
    told = set[str]()

    for name in [*kind.model_fields, "unknown"]:
        for value in WRONG:
            try:
                records.parse(json.dumps(whole | {name: value}).encode())
            except RefusedError as error:
                told.add(str(error))
        for cut in range(0, len(json.dumps(whole)), 7):
            with pytest.raises(RefusedError) as refused:
                records.parse(json.dumps(whole)[:cut].encode())
            told.add(str(refused.value))

    assert len(told) > 10
    assert [each for each in told if FOREIGN.search(each)] == []


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("kind", ["json", "ndjson"])
def test_a_file_in_utf_16_without_its_mark_is_read(tmp_path, kind, encoding):
    lines = [PUBLISHER, CATEGORY, RESOURCE | {"title": "旧"}]
    text = "\n".join(map(json.dumps, [HEADER, *lines]))
    path = tmp_path / f"a.{kind}"
    path.write_bytes(
        (text if kind == "ndjson" else json.dumps(HEADER | {"records": lines})).encode(encoding)
    )

    told = run("import_catalog", path)

    assert (told.error, told["created"]) == ("", 1)
    assert Resource.objects.get().title == "旧"


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


def test_an_export_from_before_there_were_bands_tells_who_is_missing(read):
    since, checked = "2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z"
    stale = {"dht_status": "Stale", "dht_changed_at": since, "last_dht_check": checked}

    read(PUBLISHER, CATEGORY, RESOURCE | stale)

    row = Resource.objects.get()
    assert (row.seeds_band, row.next_band) == ("0", "0")
    assert row.missing_since == row.first_missed_at == row.dht_changed_at
