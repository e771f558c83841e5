"""Magnet links: every spelling of one torrent is one torrent, everything else is refused."""

import base64
from urllib.parse import quote

import pytest

from ghost.core.errors import RefusedError
from resources.torrents import magnets

V1 = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
V2 = "d8dd32ac93357c368556af3ac1d95c9d76bd0dff6fa9833ecdac3d53134efabb"
BASE32 = base64.b32encode(bytes.fromhex(V1)).decode()


@pytest.mark.parametrize(
    ("uri", "v1", "v2"),
    [
        (f"magnet:?xt=urn:btih:{V1}", V1, None),
        (f"magnet:?xt=urn:btih:{V1.upper()}", V1, None),
        (f"MAGNET:?xt=URN:BTIH:{V1}", V1, None),
        (f"magnet:?xt=urn:btih:{BASE32}", V1, None),
        (f"magnet:?xt=urn:btih:{BASE32.lower()}", V1, None),
        (f"magnet:?xt.1=urn:btih:{V1}&xt.2=urn:btmh:1220{V2}", V1, V2),
        (f"magnet:?xt=urn:btmh:1220{V2.upper()}", None, V2),
        (f"  magnet:?dn=a&xt=urn%3Abtih%3A{V1}\n", V1, None),
        (f"magnet:?xt=urn:btih:{V1}&xt=urn:btih:{BASE32}", V1, None),
    ],
)
def test_parse_reads_every_spelling(uri, v1, v2):
    magnet = magnets.parse(uri)

    assert (magnet.v1, magnet.v2) == (v1, v2)
    assert magnet.hash == (v1 or v2)
    assert magnets.parse(magnet.uri()) == magnet


@pytest.mark.parametrize(
    ("uri", "word"),
    [
        ("", "starts with"),
        ("http://example.org/a.torrent", "starts with"),
        ("magnet:?dn=nothing", "no BitTorrent hash"),
        ("magnet:?xt=urn:sha1:ABC", "no BitTorrent hash"),
        ("magnet:?xt=urn:btih:", "40 hexadecimal"),
        ("magnet:?xt=urn:btih:" + "g" * 40, "40 hexadecimal"),
        ("magnet:?xt=urn:btih:" + "a" * 39, "40 hexadecimal"),
        ("magnet:?xt=urn:btih:" + "0" * 40, "all zeros"),
        ("magnet:?xt=urn:btih:" + "8" * 32, "32 base32"),
        ("magnet:?xt=urn:btmh:1220" + "a" * 63, "64 hexadecimal"),
        ("magnet:?xt=urn:btmh:1114" + "a" * 64, "1220"),
        (f"magnet:?xt=urn:btih:{V1}&xt=urn:btih:{'a' * 40}", "two different"),
        (f"magnet:?xt=urn:btih:{V1}&dn={'a' * 9000}", "8192"),
        (f"magnet:?xt=urn:btih:{V1}" + "&tr=a" * 300, "200 parts"),
    ],
)
def test_parse_names_what_is_wrong(uri, word):
    with pytest.raises(RefusedError, match=word) as caught:
        magnets.parse(uri)

    assert caught.value.field == "magnet_uri"


def test_parse_keeps_known_trackers_and_drops_the_rest():
    magnet = magnets.parse(
        f"magnet:?xt=urn:btih:{V1}&dn=A%20b%0a&xl=12&tr=udp%3A%2F%2Ft.example%3A1&tr=javascript:x"
        "&tr=https%3A%2F%2Ft.example%2Fannounce&ws=https%3A%2F%2Fw.example%2F&ws=ftp%3A%2F%2Fx"
        "&x.pe=10.0.0.1:80&tr=udp%3A%2F%2Ft.example%3A1&tr=http%3A%2F%2F%5B"
    )

    assert magnet == magnets.Magnet(
        v1=V1,
        v2=None,
        name="A b",
        length=12,
        trackers=("udp://t.example:1", "https://t.example/announce"),
        web_seeds=("https://w.example/",),
    )
    assert "x.pe" not in magnet.uri()


def test_parse_keeps_the_joiners_of_a_name():
    name = "می\u200cخواهم 👩\u200d🔬"

    magnet = magnets.parse(f"magnet:?xt=urn:btih:{V1}&dn={quote(name)}")

    assert magnet.name == name
    assert magnets.parse(magnet.uri()) == magnet


def test_parse_cuts_a_name_where_it_stays_as_it_is():
    magnet = magnets.parse(f"magnet:?xt=urn:btih:{V1}&dn={'x' * 254}%20tail")

    assert magnet.name == "x" * 254
    assert magnets.parse(magnet.uri()) == magnet


INWARDS = [
    "http://127.0.0.1/announce",
    "http://127.1/announce",
    "udp://0x7f.1:80",
    "http://2130706433/",
    "https://[::1]:8080/",
    "http://[::ffff:10.0.0.1]/",
    "http://localhost/",
    "ws://tracker.localhost/",
    "http://nas.local/",
    "http://router/",
    "http://example.org@127.0.0.1/",
    "http://127.0.0.1@example.org/",
    "http://127.0.0.1\\@example.org/",
    "http://example.org\\@127.0.0.1/",
    "http://127.0.0.1#@example.org/",
    "http://%31%32%37.0.0.1/",
    "http://127.0.0.1:80:80/",
]


@pytest.mark.parametrize("url", INWARDS)
def test_parse_drops_what_lies_in_the_readers_own_network(url):
    magnet = magnets.parse(f"magnet:?xt=urn:btih:{V1}&tr={quote(url)}&ws={quote(url)}")

    assert (magnet.trackers, magnet.web_seeds) == ((), ())


def test_parse_keeps_the_own_network_where_it_is_allowed(configure):
    configure(allow_private_networks=True)

    magnet = magnets.parse(f"magnet:?xt=urn:btih:{V1}&tr=udp://127.0.0.1:6969&ws=http://nas/")

    assert (magnet.trackers, magnet.web_seeds) == (("udp://127.0.0.1:6969",), ("http://nas/",))
