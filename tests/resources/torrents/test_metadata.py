"""The files that keep what probes found: whatever lies there, reading it never fails."""

import json
import logging

import pytest

from resources.models import Resource
from resources.torrents import metadata
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db

HASH = "c1" * 20


def stored(**changes) -> bytes:
    metadata.save(make.torrent_metadata(HASH, info=b"\xfb\xff\xfe", v1=HASH))
    return json.dumps(json.loads(metadata.path_of(HASH).read_bytes()) | changes).encode()


def damage(path, body):
    path.unlink(missing_ok=True)
    if body == "folder":
        path.mkdir(parents=True)
    elif body == "loop":
        path.symlink_to(path.name)
    else:
        path.write_bytes(body)


DAMAGES = {
    "truncated": lambda: stored()[:-20],
    "empty": lambda: b"",
    "list": lambda: b"[]",
    "object": lambda: b"{}",
    "null": lambda: b"null",
    "binary": lambda: bytes(range(256)),
    "deep": lambda: b"[" * 200_000,
    "huge number": lambda: stored(total_size_bytes=10**30),
    "negative": lambda: stored(total_size_bytes=-1),
    "text for a number": lambda: stored(piece_length="16384"),
    "no list": lambda: stored(files=None),
    "file without a size": lambda: stored(files=[{"path": "a"}]),
    "file without a name": lambda: stored(files=[{"path": "", "size": 1}]),
    "very deep file": lambda: stored(files=[{"path": "a/" * 5000 + "a", "size": 1}]),
    "no moment": lambda: stored(fetched_at="yesterday"),
    "moment without a zone": lambda: stored(fetched_at="2026-01-31T12:00:00"),
    "not base64": lambda: stored(info="?"),
    "another torrent's": lambda: stored(magnet_hash="ab" * 20),
    "folder": lambda: "folder",
    "loop": lambda: "loop",
}


def test_what_was_saved_comes_back():
    found = make.torrent_metadata(HASH, info=bytes(range(256)), v1=HASH, v2="ab" * 32)

    metadata.save(found)

    assert metadata.load(HASH) == found


def test_file_of_an_older_or_newer_version_is_read():
    plain = json.loads(stored(novelty=[1]))
    del plain["v1"], plain["v2"]
    plain["files"][0]["mtime"] = 1
    metadata.path_of(HASH).write_text(json.dumps(plain))

    found = present(metadata.load(HASH))

    assert (found.v1, found.v2, found.file_count, found.info) == ("", "", 2, b"\xfb\xff\xfe")


def test_file_that_is_not_there_is_nothing_to_log(caplog):
    assert (metadata.load("ab" * 20), caplog.records) == (None, [])


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_file_is_none_and_logged(name, caplog):
    metadata.path_of(HASH).parent.mkdir(parents=True, exist_ok=True)
    damage(metadata.path_of(HASH), DAMAGES[name]())

    with caplog.at_level(logging.WARNING):
        found = metadata.load(HASH)

    assert found is None
    assert [r.getMessage().partition(";")[0] for r in caplog.records] == [
        f"The metadata in {HASH}.json can't be read"
    ]


def test_damaged_file_spoils_no_answer(client):
    row = make.resource()
    damage(metadata.path_of(row.magnet_hash), b"{")
    auth = make.auth(make.admin())

    read = client.get(f"/api/resources/{row.pk}", **auth)
    found = client.get(f"/api/resources/{row.pk}/metadata", **auth)
    changed = client.put(
        f"/api/resources/{row.pk}", {"title": "New"}, content_type="application/json", **auth
    )

    assert (read.status_code, read.json()["files_tree"]) == (200, None)
    assert (found.status_code, changed.status_code) == (404, 200)
    assert found.json()["detail"] == "What the probe found is lost; probe the resource again."
    assert Resource.objects.get().title == "New"
