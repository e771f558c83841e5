"""A `.torrent` file as a resource."""

from typing import Any

import libtorrent as lt
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ghost.core.catalog.models import Catalog
from ghost.core.http.limits import rate_limit
from ghost.demo.seeds import Version
from ghost.demo.seeds import make as seeded
from resources.models import Block, DhtStatus, ProbeStatus, Resource
from resources.torrents import metadata
from tests import make

pytestmark = pytest.mark.django_db

FILES = {"readme.txt": b"hello", "disc 1/track.flac": b"x" * 70_000}


@pytest.fixture
def send(client):
    def post(token, body, name="torrent", **fields):
        file = SimpleUploadedFile("a.torrent", body, "application/x-bittorrent")
        return client.post("/api/resources/from-torrent", {name: file} | fields, **make.auth(token))

    return post


def torrent(tmp_path, version=Version.V1):
    return seeded(tmp_path, "A work", FILES, version)


@pytest.mark.parametrize("version", list(Version))
def test_a_file_becomes_a_resource_without_a_probe(send, tmp_path, version):
    made, token, category = torrent(tmp_path, version), make.publisher(), make.category()

    response = send(token, made.body, category_id=category.pk, tags=["x", "y"], licence="mit")

    row, said = Resource.objects.get(), response.json()
    assert response.status_code == 201
    assert (row.title, row.tags, row.licence) == ("A work", ["x", "y"], "MIT")
    assert row.hashes == [h for h in (made.v1, made.v2) if h]
    assert (row.probe_status, row.dht_status) == (ProbeStatus.OK, DhtStatus.UNKNOWN)
    assert row.last_dht_check is None
    assert (said["state"], said["file_count"]) == ("live", 2)
    assert said["total_size_bytes"] == sum(map(len, FILES.values()))
    [root] = said["files_tree"]
    assert root["name"] == "A work"
    assert response.headers["Location"] == f"/api/resources/{row.pk}"


def test_it_gives_the_same_torrent_back(send, client, tmp_path):
    made, token = torrent(tmp_path), make.publisher()
    send(token, made.body, category_id=make.category().pk)

    back = client.get(f"/api/resources/{Resource.objects.get().pk}/torrent", **make.auth(token))

    plain: Any = lt.bdecode(back.content)
    assert lt.torrent_info(plain).info_hashes().v1.to_bytes().hex() == made.v1


def test_form_fields_win_over_the_file(send, tmp_path):
    made, token = torrent(tmp_path), make.publisher()

    send(token, made.body, category_id=make.category().pk, title="Mine", published_at="")

    row = Resource.objects.get()
    assert (row.title, row.published_at, row.state) == ("Mine", None, "draft")


def test_a_torrent_that_is_listed_or_blocked_is_refused(send, tmp_path):
    made, token, category = torrent(tmp_path), make.publisher(), make.category()

    first = send(token, made.body, category_id=category.pk)
    second = send(token, made.body, category_id=category.pk)
    Resource.objects.get().take_down(reason="asked", by="test")
    third = send(make.publisher(), made.body, category_id=category.pk)

    assert [r.status_code for r in (first, second, third)] == [201, 409, 409]
    assert second.json()["resource_id"] == first.json()["id"]
    assert Block.objects.count() == 1
    assert third.json()["type"] == "urn:ghost:problem:blocked"


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({}, 422, "category_id"),
        ({"category_id": "x"}, 422, "category_id"),
        ({"category_id": "999999"}, 422, "category_id"),
        ({"tittle": "x"}, 422, "tittle"),
        ({"licence": "nonsense"}, 422, "licence"),
    ],
)
def test_what_is_wrong_in_the_form_is_named(send, tmp_path, fields, status, field):
    made, known = torrent(tmp_path), {"category_id": make.category().pk}

    response = send(make.publisher(), made.body, **(known | fields if fields else {}))

    assert response.status_code == status
    assert field in {each["field"] for each in response.json()["errors"]}
    assert Resource.objects.count() == 0


@pytest.mark.parametrize("body", [b"", b"d", b"garbage", b"de", b"d4:infoi1ee", b"x" * 1000])
def test_what_is_no_torrent_is_refused(send, body):
    response = send(make.publisher(), body, category_id=make.category().pk)

    assert response.status_code in (400, 422)
    assert Resource.objects.count() == 0


def test_a_form_without_the_file_or_of_another_type_is_refused(send, client):
    token = make.publisher()

    named = send(token, b"x", name="file", category_id=1)
    json = client.post(
        "/api/resources/from-torrent", b"{}", content_type="application/json", **make.auth(token)
    )

    assert named.status_code == 422
    assert json.status_code == 415


def test_a_file_that_is_too_big_is_refused(send):
    response = send(make.publisher(), b"x" * 65_000_000, category_id=make.category().pk)

    assert response.status_code == 413


def test_a_file_beyond_a_bound_is_refused_by_it(send):
    files = b"".join(b"d6:lengthi1e4:pathl%d:f%dee" % (len(str(n)) + 1, n) for n in range(40_001))
    body = b"d4:infod5:filesl%be4:name1:a12:piece lengthi16384e6:pieces60:%bee" % (files, b"x" * 60)

    answer = send(make.publisher(), body, category_id=make.category().pk)

    assert answer.status_code == 400
    told = "The .torrent file has 40001 files; it may have at most 40000."
    assert answer.json()["errors"] == [{"field": "torrent", "message": told}]


def test_what_was_read_is_written_before_others_have_to_wait(send, tmp_path, monkeypatch):
    order: list[str] = []
    save, turn = metadata.save, Catalog.turn

    def told_turn():
        order.append("turn")
        return turn()

    monkeypatch.setattr(metadata, "save", lambda found: order.append("save") or save(found))
    monkeypatch.setattr(Catalog, "turn", told_turn)

    answer = send(make.publisher(), torrent(tmp_path).body, category_id=make.category().pk)

    after_category = order[order.index("save") - 1 :]
    assert answer.status_code == 201
    assert after_category[:3] == ["turn", "save", "turn"]  # the category's own, before
    assert order.count("save") == 1


def test_a_file_that_is_refused_leaves_nothing_behind(send, tmp_path, settings):
    made = torrent(tmp_path)

    answer = send(make.publisher(), made.body, category_id=10**6)

    assert answer.status_code == 422
    assert not list(settings.GHOST.magnet_metadata_dir.glob("*"))


def test_a_file_counts_by_its_size_against_the_limit(send, tmp_path, configure, monkeypatch):
    configure(api_rate_limit=2)
    monkeypatch.setattr(rate_limit, "_counts", {})
    token, body = make.publisher(), torrent(tmp_path).body + b"x" * 250_000

    first, second = send(token, body), send(token, body)

    assert (first.status_code, second.status_code) == (422, 429)


def test_a_file_of_thirteen_megabytes_is_taken_with_a_key(client):
    count, by = 650_000, make.publisher()
    info = b"d6:lengthi%de4:name5:a.bin12:piece lengthi16384e6:pieces%d:%be" % (
        count * 16384, count * 20, b"x" * 20 * count,
    )  # fmt: skip
    headers = make.auth(by)["headers"] | {"Idempotency-Key": "once"}
    file = SimpleUploadedFile("a.torrent", b"d4:info%be" % info)

    answer = client.post(
        "/api/resources/from-torrent",
        {"torrent": file, "category_id": make.category().pk},
        headers=headers,
    )

    assert (answer.status_code, answer.json()["total_size_bytes"]) == (201, count * 16384)


def test_what_stands_behind_the_end_is_named(send, tmp_path):
    body = torrent(tmp_path).body + b"\r\n"

    said = send(make.publisher(), body, category_id=make.category().pk).json()

    assert said["notes"][0] == "2 bytes behind the end of the .torrent file are left out."


def test_addresses_that_are_left_out_are_named(send, tmp_path):
    plain: Any = lt.bdecode(torrent(tmp_path).body)
    plain[b"announce"] = b"udp://tracker.example:6969/announce"
    plain[b"announce-list"] = [[b"ftp://tracker.example/a"], [b"http://192.168.1.9/announce"]]
    plain[b"url-list"] = [b"https://files.example/a b/", b"file:///etc/passwd"]

    said = send(make.publisher(), lt.bencode(plain), category_id=make.category().pk).json()

    assert "tr=udp%3A%2F%2Ftracker.example%3A6969%2Fannounce" in said["magnet_uri"]
    assert "ws=https%3A%2F%2Ffiles.example%2Fa%2520b%2F" in said["magnet_uri"]
    assert [note.partition(" (")[0] for note in said["notes"]] == [
        "Left out of the magnet link: tr=ftp://tracker.example/a",
        "Left out of the magnet link: tr=http://192.168.1.9/announce",
        "Left out of the magnet link: ws=file:///etc/passwd",
    ]
