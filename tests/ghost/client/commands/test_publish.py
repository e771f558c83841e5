"""`ghost publish` against the real API, over a network that fails."""

import json

import pytest

from ghost.client.resource_fields import shown_moment
from ghost.demo.seeds import Version
from ghost.demo.seeds import make as seeded
from resources.models import Resource
from tests import make
from tests.ghost.client.items import keys
from tests.presence import present
from tests.resources.prober import FakeProber

pytestmark = pytest.mark.django_db(transaction=True)

FILES = {"readme.txt": b"hello", "disc 1/track.flac": b"x" * 70_000}


def test_publish_takes_all_that_a_magnet_may_have(ghost, category, token, tmp_path):
    below = make.category("Short", parent=category)
    team = make.team(owner=token)
    older = make.resource(publisher=token)
    (tmp_path / "body.md").write_text("Some *words*.")
    (tmp_path / "SUMS").write_text(f"{'ab' * 32}  a/b.iso\nSHA1 (c d) = {'cd' * 20}\n")

    status, out, err = ghost(
        "publish", make.magnet(), "--title", "Bunny", "--category", "films/short",
        "--tag", "film", "--tag", "动画", "--body", tmp_path / "body.md", "--team", team.pk,
        "--licence", "cc-by-4.0", "--source", "https://example.org/", "--supersedes", older.pk,
        "--checksums", tmp_path / "SUMS", "--at", "2999-01-31T12:00:00Z",
    )  # fmt: skip

    row = Resource.objects.get(title="Bunny")
    assert (status, row.category, row.team, row.supersedes) == (0, below, team, older)
    assert (row.tags, row.content_markdown, row.licence) == (
        ["film", "动画"],
        "Some *words*.",
        "CC-BY-4.0",
    )
    assert present(row.published_at).isoformat() == "2999-01-31T12:00:00+00:00"
    assert [(c["algorithm"], c["file"]) for c in row.checksums] == [
        ("sha256", "a/b.iso"),
        ("sha1", "c d"),
    ]
    assert out.split("\n")[:-2] == [
        f"resource    {row.pk}",
        "title       Bunny",
        "state       scheduled",
        f"category    films/short ({below.pk})",
        "tags        film, 动画",
        f"team        {team.pk}",
        "licence     CC-BY-4.0",
        "source      https://example.org/",
        f"supersedes  {older.pk}",
        "probe       pending",
        "health      Unknown",
        f"published   {shown_moment('2999-01-31T12:00:00+00:00')}",
    ]
    assert f"superseded by  {row.pk}\n" in ghost("status", older.pk)[1]
    assert f"ghost status {row.pk} --follow" in err


def test_publish_takes_a_torrent_file(ghost, category, tmp_path):
    made = seeded(tmp_path, "A work", FILES, Version.V1)
    (tmp_path / "a.torrent").write_bytes(made.body)
    (tmp_path / "SUMS").write_text("ab" * 16)

    status, out, _err = ghost(
        "publish", tmp_path / "a.torrent", "--category", category.pk, "--tag", "x", "--tag", "y",
        "--draft", "--checksums", tmp_path / "SUMS", "--json",
    )  # fmt: skip

    row = Resource.objects.get()
    assert status == 0
    assert (row.title, row.tags, row.state) == ("A work", ["x", "y"], "draft")
    assert row.checksums == [{"algorithm": "md5", "value": "ab" * 16, "file": ""}]
    assert json.loads(out)["id"] == row.pk


def test_publish_waits_for_the_probe(ghost, category):
    status, out, _err = ghost(
        "publish", f"{make.magnet()}&dn=A+name", "--category", "FILMS", "--wait", "--json"
    )

    assert status == 0
    assert (json.loads(out)["title"], json.loads(out)["state"]) == ("A name", "live")


def test_publish_says_what_is_wrong_and_what_to_do(ghost, category, token):
    magnet = make.magnet()
    listed = make.resource(publisher=token, magnet_uri=magnet)
    make.category("Filters")

    twice = ghost("publish", magnet, "--title", "x", "--category", category.pk)
    unknown = ghost("publish", make.magnet(), "--title", "x", "--category", "film")
    nameless = ghost("publish", make.magnet(), "--category", "films")
    bad = ghost("publish", "magnet:?xt=urn:btih:zz&dn=x", "--category", "films", "--json")
    missing = ghost("publish", "nowhere.torrent", "--category", "films")

    assert twice[0] == 1
    assert f"It is resource {listed.pk}: ghost status {listed.pk}" in twice[2]
    assert (unknown[0], "Did you mean films" in unknown[2]) == (2, True)
    assert (nameless[0], "--title" in nameless[2]) == (2, True)
    assert (bad[0], bad[1]) == (1, "")
    assert [each["field"] for each in json.loads(bad[2])["errors"]] == ["magnet_uri"]
    assert (missing[0], "nowhere.torrent" in missing[2]) == (2, True)
    assert Resource.objects.count() == 1


@pytest.mark.parametrize("fault", ["429", "503", "502", "drop", "cut", "half"])
def test_publish_is_done_once_whatever_the_network_does(ghost, proxy, category, fault):
    proxy.faults = ["", fault]  # the first is for the categories

    status, out, err = ghost("publish", make.magnet(), "--title", "x", "--category", "films")

    assert status == 0, err
    assert Resource.objects.count() == 1
    assert f"resource   {Resource.objects.get().pk}\n" in out
    assert "trying again" in err
    assert len(set(keys(proxy, "/api/resources"))) == 1 + (fault in ("cut", "half"))  # and a GET


def test_publish_again_after_a_crash_gives_the_same(ghost, proxy, category):
    arguments = ("publish", make.magnet(), "--title", "x", "--category", "films", "--json")

    first, again = ghost(*arguments), ghost(*arguments)

    assert (first[0], again[0]) == (0, 0)
    assert json.loads(first[1])["id"] == json.loads(again[1])["id"]
    assert Resource.objects.count() == 1


def test_publish_that_was_refused_is_tried_anew(ghost, category, monkeypatch):
    arguments = ("publish", make.magnet(), "--title", "x", "--category", "films", "--wait")

    monkeypatch.setattr(FakeProber, "outcome", False)
    refused = ghost(*arguments)
    monkeypatch.setattr(FakeProber, "outcome", True)
    mended = ghost(*arguments)

    assert (refused[0], "No peers were found." in refused[2]) == (1, True)
    assert mended[0] == 0, mended[2]
