"""Metadata from real seeders of other makes, named directly, by the DHT and by a tracker."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from django.conf import settings

from dht.engine import probes, session_settings
from dht.engine import session as engine_session
from dht.engine.events import TorrentArrived
from dht.trackers import client
from ghost.demo import seeds
from resources.torrents import bencode, magnets
from resources.torrents.published_links import Known, compose
from tests.dht import clients
from tests.swarm import NETWORK
from tests.trackers import free_port, needs_opentracker, running_opentracker

pytestmark = pytest.mark.slow

IP = f"{NETWORK}.220.1"

CONTENTS = {
    "README.txt": b"some words " * 30,
    "disc 1/track-été.bin": b"\x01\x02" * 20_000,
    "第二/注释.md": b"notes",
}


@pytest.fixture
def seed(tmp_path, request):
    """A v1 torrent: these makes, as Debian 12 has them, can't read a hybrid one.

    Each test's is another one: the DHT remembers who had it.
    """
    contents = CONTENTS | {"test.txt": request.node.name.encode()}
    return seeds.make(tmp_path / "content", "a work", contents, seeds.Version.V1)


def metadata_of(magnet, peers, within_s=60.0):
    """The torrent that these peers give."""
    session, deadline = engine_session.session(), time.monotonic() + within_s
    session.fetch(magnet, peers)
    found: list[Any] = []
    while not found and time.monotonic() < deadline:
        found = [e.torrent for e in session.events(0.05) if isinstance(e, TorrentArrived)]
    session.drop(magnet.hash)
    return found


def probed(uri, within_s):
    """The first probe that finds it; the seeder may have to be announced first."""
    deadline = time.monotonic() + within_s
    while True:
        (outcome,) = probes.probe([magnets.parse(uri)], 8)
        if outcome.metadata or time.monotonic() > deadline:
            return outcome


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(clients.aria2, marks=clients.needs_aria2, id="aria2"),
        pytest.param(
            clients.transmission_cli, marks=clients.needs_transmission_cli, id="transmission-cli"
        ),
    ],
)
def test_metadata_comes_from_another_make(swarm, tmp_path, make, seed):
    with make(IP, tmp_path, seed.body, seed.save_path) as peer:
        (torrent,) = metadata_of(magnets.parse(seed.magnet_uri), [peer])

    assert sorted(torrent.files) == sorted(seed.files)
    assert torrent.info in seed.body


@clients.needs_transmission
def test_metadata_comes_over_the_utp_of_another_make(swarm, tmp_path, seed):
    ours = session_settings.session_settings(settings.GHOST)
    engine_session.close()
    engine_session.session()._lt.apply_settings(ours | {"enable_outgoing_tcp": False})
    with clients.transmission(
        IP, tmp_path, seed.body, seed.save_path, **{"utp-enabled": True}
    ) as peer:
        (torrent,) = metadata_of(magnets.parse(seed.magnet_uri), [peer])

    engine_session.close()
    assert sorted(torrent.files) == sorted(seed.files)


@clients.needs_aria2
def test_a_seeder_of_another_make_is_found_in_the_dht(swarm, tmp_path, seed):
    """aria2 joins a DHT on loopback; Transmission takes no loopback address for a node."""
    options = (
        "--enable-dht=true",
        f"--dht-entry-point={swarm.bootstrap[0]}",
        f"--dht-listen-port={free_port(IP)}",
        f"--dht-file-path={tmp_path / 'dht.dat'}",
    )
    with clients.aria2(IP, tmp_path, seed.body, seed.save_path, *options):
        outcome = probed(seed.magnet_uri, 20)

    assert str(outcome.error) == ""
    assert sorted((f.path, f.size) for f in outcome.metadata.files) == sorted(seed.files)


@needs_opentracker
@pytest.mark.parametrize(
    ("make", "announced", "asked"),
    [
        # aria2 asks UDP trackers only where it may take part in a DHT, too.
        pytest.param(clients.aria2, "http", "udp", marks=clients.needs_aria2, id="aria2"),
        pytest.param(
            clients.transmission, "udp", "http", marks=clients.needs_transmission, id="transmission"
        ),
    ],
)
def test_a_seeder_of_another_make_is_found_at_a_tracker(
    swarm, tmp_path_factory, tmp_path, make, announced, asked, seed
):
    folder = tmp_path_factory.mktemp("tracker")
    with running_opentracker(folder, [seed.v1]) as tracker:
        urls = {"http": tracker.http, "udp": tracker.udp}
        body = clients.announcing(seed, urls[announced])
        with make(IP, tmp_path, body, seed.save_path):
            outcome = probed(f"{seed.magnet_uri}&tr={quote(urls[asked], safe='')}", 20)

    client.close()
    assert str(outcome.error) == ""
    assert sorted((f.path, f.size) for f in outcome.metadata.files) == sorted(seed.files)


@pytest.fixture
def published(configure, tmp_path_factory, seed):
    """The link that is published of a torrent of ours, whose default tracker is a real one."""
    with running_opentracker(tmp_path_factory.mktemp("tracker"), [seed.v1]) as tracker:
        configure(default_trackers=(tracker.http,), allow_private_networks=True)
        stored = magnets.parse(f"{seed.magnet_uri}&dn=dead&tr=http://127.0.0.2:1/announce").uri()
        known = Known("A title", "Tom & Jerry=5% café?", total_size_bytes=seed.total_size_bytes)
        yield compose(stored, known), tracker


@needs_opentracker
@clients.needs_aria2
def test_the_published_link_downloads_with_aria2(published, tmp_path, seed):
    link, tracker = published
    body = clients.announcing(seed, tracker.http)

    with clients.aria2(IP, tmp_path, body, seed.save_path):
        clients.download_with_aria2(f"{NETWORK}.220.2", link, tmp_path / "taken")

    assert seeds.read(tmp_path / "taken", seed.name) == seeds.read(seed.save_path, seed.name)


@needs_opentracker
@clients.needs_transmission_cli
def test_transmission_reads_hash_and_trackers_of_the_published_link(published, tmp_path, seed):
    """It takes no peer on loopback: that it asks the tracker of ours for this torrent is what it can show."""
    link, tracker = published

    with clients.transmission_cli(IP, tmp_path, link, tmp_path):
        deadline = time.monotonic() + 20
        while not (counted := _peers(tracker, seed)) and time.monotonic() < deadline:
            time.sleep(0.1)

    assert counted == 1


def _peers(tracker, seed) -> int:
    """How many a tracker knows of it that don't have it all yet."""
    key = bytes.fromhex(seed.v1)
    with urlopen(f"{tracker.http.replace('announce', 'scrape')}?info_hash={quote(key)}") as answer:
        told: Any = bencode.decode(answer.read())
    return told[b"files"].get(key, {}).get(b"incomplete", 0)
