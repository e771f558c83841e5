"""One magnet everywhere: whoever shows a resource shows the same link, byte for byte."""

from __future__ import annotations

import hashlib
import html
import json
import re
from urllib.parse import parse_qsl

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from builds.models import Build
from builds.render import fingerprint
from ghost.core.config.version import VERSION
from resources.models import Resource
from resources.torrents import bencode, metadata
from tests import make

pytestmark = pytest.mark.django_db
TRACKERS = ("udp://one.example.org:1337/announce", "https://two.example.org/announce")
V2 = "d8dd32ac93357c368556af3ac1d95c9d76bd0dff6fa9833ecdac3d53134efabb"
_LINK = re.compile(r"magnet:\?[^\s\"'<>\\]+")


@pytest.fixture
def shared(configure):
    """A hybrid of which the link names one half, its own tracker and a web seed."""
    configure(
        default_trackers=TRACKERS,
        site_languages=("en",),
        public_baseurl="https://site.example.org/",
    )
    link = (
        f"{make.magnet()}&tr={TRACKERS[1]}&tr=udp://own.example.org:1&ws=https://w.example.org/a b"
    )
    row = make.resource(title="A title", magnet_uri=link)
    row.other_hash = V2
    row.save()
    return row


def _links(body: bytes) -> set[str]:
    """The links in a public file, out of HTML, XML or JSON."""
    return set(_LINK.findall(html.unescape(body.decode()).replace("\\u0026", "&")))


def test_the_site_the_api_and_torznab_show_the_same_link(shared, build, client):
    token = make.admin()
    public = build()

    link = client.get(f"/api/resources/{shared.pk}", **make.auth(token)).json()[
        "published_magnet_uri"
    ]
    torznab = client.get("/api/torznab", {"apikey": token.raw, "t": "search"})
    shown = {
        path.relative_to(public).as_posix(): found
        for path in public.rglob("*")
        if path.is_file()
        and path.suffix in {".html", ".xml", ".json", ".atom", ".rss"}
        and (found := _links(path.read_bytes()))
    }

    [rows_file] = (public / "search").rglob("rows/*.json")
    rows = json.loads(rows_file.read_bytes())
    [row] = [row for block in rows for row in ([block] if isinstance(block[0], int) else block)]
    searched = f"magnet:?xt=urn:btih:{row[11]}{row[13]}"
    assert {"index.html", f"resources/{shared.pk}/index.html"} <= set(shown)
    assert any(name.startswith("index/index-") for name in shown)
    assert {found for each in shown.values() for found in each} == {link}
    assert _links(torznab.content) == {link}
    assert searched == link


def test_the_link_has_all_that_is_known_in_this_order(shared):
    parts = parse_qsl(shared.published_magnet_uri.partition("?")[2])

    assert parts == [
        ("xt", f"urn:btih:{shared.magnet_hash}"),
        ("xt", f"urn:btmh:1220{V2}"),
        ("dn", shared.torrent_name),
        ("xl", str(shared.total_size_bytes)),
        ("tr", TRACKERS[1]),
        ("tr", "udp://own.example.org:1"),
        ("tr", TRACKERS[0]),
        ("ws", "https://w.example.org/a%20b"),
    ]
    assert shared.magnet_uri.count("tr=") == 2


def test_other_default_trackers_ask_for_building_everything(shared, build, configure):
    before = fingerprint.current()
    public = build()

    configure(default_trackers=("udp://three.example.org:1",))
    build()

    page = (public / f"resources/{shared.pk}/index.html").read_bytes()
    assert fingerprint.current() != before
    assert present_build().is_full
    assert b"three.example.org" in page
    assert b"one.example.org" not in page


def present_build() -> Build:
    return Build.objects.latest("pk")


def test_composing_asks_the_database_for_nothing(shared):
    row = Resource.objects.get(pk=shared.pk)

    with CaptureQueriesContext(connection) as queries:
        link = row.published_magnet_uri

    assert link.startswith("magnet:?")
    assert len(queries) == 0


def _torrent(configure, name: bytes):
    """A resource of one file with this name, probed."""
    configure(default_trackers=TRACKERS)
    info = b"d6:lengthi5e4:name%d:%b12:piece lengthi16384e6:pieces20:%be" % (
        len(name),
        name,
        b"x" * 20,
    )
    v1 = hashlib.sha1(info, usedforsecurity=False).hexdigest()
    row = make.resource(
        magnet_uri=make.magnet(v1) + "&tr=udp://own.example.org:1&ws=https://w.example.org/"
    )
    metadata.save(make.torrent_metadata(v1, info=info), survives_power_loss=False)
    return row, info


def test_the_torrent_file_names_the_same_trackers_and_who_made_it(configure, client):
    row, info = _torrent(configure, b"work")

    answer = client.get(f"/api/resources/{row.pk}/torrent", **make.auth(make.admin()))

    found = bencode.decode(answer.content)
    urls = ["udp://own.example.org:1", *TRACKERS]
    assert isinstance(found, dict)
    assert found[b"announce-list"] == [[url.encode()] for url in urls]
    assert found[b"url-list"] == [b"https://w.example.org/"]
    assert found[b"created by"] == f"Ghost {VERSION}".encode()
    assert info in answer.content


@pytest.mark.parametrize(
    "name",
    [
        b"../../etc",
        b"/abs",
        b"C:\\x",
        b"..",
        b"a\\..\\b",
        b"nul",
        b"CON",
        b"\\\\host",
        b"C:x",
        b".. ",
        b"con ",
        b"CONIN$",
        "COM¹".encode(),
    ],
)
def test_no_torrent_file_is_made_of_names_that_lead_out(configure, client, name):
    row, _info = _torrent(configure, name)

    answer = client.get(f"/api/resources/{row.pk}/torrent", **make.auth(make.admin()))

    assert answer.status_code == 404
    assert "leads out of its folder" in answer.json()["detail"]


@pytest.mark.parametrize("name", [b"dir\\sub", b"Q: a film", b"console", b"a..b", b"aux.c"])
def test_a_torrent_file_is_made_of_names_that_are_only_odd(configure, client, name):
    row, _info = _torrent(configure, name)

    answer = client.get(f"/api/resources/{row.pk}/torrent", **make.auth(make.admin()))

    assert answer.status_code == 200
