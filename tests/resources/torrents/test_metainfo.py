"""`.torrent` files, read by libtorrent, aria2 and Transmission."""

from __future__ import annotations

import hashlib
import random
import subprocess
import time
from dataclasses import replace
from typing import Any

import libtorrent as lt
import pytest

from ghost.core.config.version import VERSION
from ghost.demo import seeds
from resources.torrents import magnets, metainfo
from resources.torrents.magnets import Magnet
from tests import make
from tests.dht import clients
from tests.presence import present
from tests.swarm import NETWORK

TRACKERS = (
    "wss://tracker.example:443/announce",
    "udp://tracker.example:1337/announce",
    "https://other.example/announce?a=1&b=2",
)
WEB_SEEDS = ("https://files.example/a%20b/", "http://mirror.example/")
needs_transmission_show = clients.needs("transmission-show", "transmission-cli")


BEGINNING = b"d10:created by%d:Ghost %b4:info" % (len(f"Ghost {VERSION}"), VERSION.encode())


@pytest.fixture(params=list(seeds.Version))
def seed(tmp_path, request):
    """A torrent with a file larger than a piece, so that v2 has piece layers."""
    dice = random.Random(1)
    contents = {"a.txt": b"text", "b/été 公共.bin": dice.randbytes(100_000)}
    return seeds.make(tmp_path, "a work", contents, request.param)


def info_of(seed):
    plain: Any = lt.bdecode(seed.body)
    return lt.bencode(plain[b"info"])


def probed(info):
    return make.torrent_metadata("ab" * 20, info=info)


def magnet_of(seed, **kwargs):
    return replace(magnets.parse(seed.magnet_uri), **kwargs)


def magnet_to(info):
    return Magnet(hashlib.sha1(info).hexdigest(), None)


def test_libtorrent_reads_the_same_torrent_with_trackers_and_web_seeds(seed):
    magnet = magnet_of(seed, trackers=TRACKERS, web_seeds=WEB_SEEDS)

    body = present(metainfo.make(probed(info_of(seed)), magnet))

    read = lt.load_torrent_buffer(body)
    hashes = read.info_hashes
    assert (hashes.v1.to_bytes().hex() if hashes.has_v1() else None) == seed.v1
    assert (hashes.v2.to_bytes().hex() if hashes.has_v2() else None) == seed.v2
    assert tuple(read.trackers) == TRACKERS
    assert list(read.tracker_tiers) == [0, 1, 2]
    assert tuple(read.url_seeds) == WEB_SEEDS
    files = present(read.ti).layout()
    assert {files.file_path(n) for n in range(files.num_files())} >= dict(seed.files).keys()


def test_file_has_only_known_keys_in_their_order_and_no_date(seed):
    magnet = magnet_of(seed, trackers=TRACKERS, web_seeds=WEB_SEEDS)

    body = present(metainfo.make(probed(info_of(seed)), magnet))

    plain: Any = lt.bdecode(body)
    assert list(plain) == [b"announce", b"announce-list", b"created by", b"info", b"url-list"]
    assert lt.bencode(plain) == body
    assert plain[b"announce"] == TRACKERS[1].encode()
    assert plain[b"announce-list"] == [[url.encode()] for url in TRACKERS]


def test_bare_magnet_makes_a_bare_file(seed):
    body = metainfo.make(probed(info_of(seed)), magnet_of(seed))

    assert body == BEGINNING + info_of(seed) + b"e"


def test_half_of_a_hybrid_names_it_as_well_as_both(tmp_path):
    seed = seeds.make(tmp_path, "a work", {"a": b"x" * 40_000}, seeds.Version.HYBRID)
    found = probed(info_of(seed))

    bodies = {
        metainfo.make(found, Magnet(*hashes))
        for hashes in ((seed.v1, None), (None, seed.v2), (seed.v1, seed.v2))
    }

    assert bodies == {BEGINNING + info_of(seed) + b"e"}


@pytest.mark.parametrize(
    ("v1", "v2"), [("ab" * 20, None), (None, "ab" * 32), ("mine", "ab" * 32), ("ab" * 20, "mine")]
)
def test_info_section_of_another_torrent_makes_no_file(tmp_path, v1, v2):
    seed = seeds.make(tmp_path, "a work", {"a": b"x"}, seeds.Version.HYBRID)
    magnet = Magnet(seed.v1 if v1 == "mine" else v1, seed.v2 if v2 == "mine" else v2)

    assert metainfo.make(probed(info_of(seed)), magnet) is None


@pytest.mark.parametrize(
    "info",
    [
        b"",
        b"d4:name1:ae8:url-list20:http://192.168.1.1/a",
        b"d4:name1:ae1:xi1e",
        b"d4:name1:a",
        b"d4:name9:ae",
        b"d4:namei1xee",
        b"d4:name01:ae",
        b"4:name",
        b"le",
        b"i1e",
        b"e",
    ],
)
def test_info_section_that_is_no_single_dictionary_makes_no_file(info):
    """A hash can be that of anything: it could bring keys of its own into the file."""
    assert metainfo.make(probed(info), magnet_to(info)) is None


def test_deep_info_section_is_taken_without_recursion():
    info = b"d1:a" + b"l" * 100_000 + b"e" * 100_000 + b"e"

    assert metainfo.make(probed(info), magnet_to(info)) == BEGINNING + info + b"e"


def read_by(program, path):
    return subprocess.run(
        [*program, str(path)], capture_output=True, text=True, timeout=20, check=True
    ).stdout


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(("aria2c", "--no-conf", "-S"), marks=clients.needs_aria2, id="aria2"),
        pytest.param(("transmission-show",), marks=needs_transmission_show, id="transmission"),
    ],
)
def test_other_makes_read_the_same_torrent(tmp_path, program):
    contents = {"a.txt": b"text", "b/c.bin": b"x" * 50_000}
    seed = seeds.make(tmp_path, "a work", contents, seeds.Version.V1)
    path = tmp_path / "one.torrent"
    magnet = magnet_of(seed, trackers=TRACKERS, web_seeds=WEB_SEEDS)
    path.write_bytes(metainfo.make(probed(info_of(seed)), magnet))

    said = read_by(program, path)

    assert seed.v1 in said
    assert "a.txt" in said
    assert "udp://tracker.example:1337/announce" in said


def session(ip):
    """libtorrent on one address of loopback, which finds nobody by itself."""
    closed = {f"enable_{way}": False for way in ("dht", "lsd", "upnp", "natpmp")}
    pack: Any = {"listen_interfaces": f"{ip}:0", "outgoing_interfaces": ip, **closed}
    return lt.session(pack)


def test_file_without_piece_layers_downloads(seed, tmp_path):
    """Of v2 the layers come from peers (BEP 52)."""
    full = lt.load_torrent_buffer(seed.body)
    full.save_path = str(seed.save_path)
    made = lt.load_torrent_buffer(present(metainfo.make(probed(info_of(seed)), magnet_of(seed))))
    made.save_path = str(tmp_path / "into")
    sharing, taking = session(f"{NETWORK}.230.1"), session(f"{NETWORK}.230.2")
    sharing.add_torrent(full)

    handle = taking.add_torrent(made)
    deadline = time.monotonic() + 60
    while not handle.status().is_seeding and time.monotonic() < deadline:
        handle.connect_peer((f"{NETWORK}.230.1", sharing.listen_port()))
        time.sleep(0.1)

    assert seeds.read(tmp_path / "into", seed.name) == seeds.read(seed.save_path, seed.name)
