"""Probes whose peers only a tracker knows, and that leave no trace there: a real opentracker."""

from __future__ import annotations

import hashlib
import socket
import struct
from urllib.parse import urlsplit

import pytest

from dht.engine import probes
from dht.engine import session as engine_session
from dht.trackers import client
from resources.torrents import magnets
from tests import make
from tests.dht.peers import seeder
from tests.swarm import NETWORK, make_seeds
from tests.trackers import counts, needs_opentracker, running_opentracker

pytestmark = needs_opentracker
LIVE, DEAD = 20, 200


@pytest.fixture(autouse=True)
def own_trackers():
    yield
    client.close()


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    return make_seeds(tmp_path_factory.mktemp("tracked"), LIVE)


@pytest.fixture
def tracker(tmp_path, seeds):
    """A tracker that knows every key of the test."""
    keys = [key for seed in seeds for key in seed.dht_keys] + dead_keys()
    with running_opentracker(tmp_path, keys) as running:
        yield running


def dead_keys():
    return [hashlib.sha1(b"dead %d" % number).hexdigest() for number in range(DEAD)]


def tell(tracker_url, seeds, endpoint):
    """Announce `endpoint` as who has the seeds, as a seeder of another make would."""
    for seed in seeds:
        for key in seed.dht_keys:
            announce_seeder(tracker_url, key, endpoint)


def announce_seeder(url, key, endpoint):
    parts = urlsplit(url)
    with socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.bind((endpoint[0], 0))
        asking.settimeout(3)
        asking.connect((parts.hostname, parts.port))
        asking.send(struct.pack(">QII", 0x41727101980, 0, 1))
        connection = asking.recv(64)[8:16]
        asking.send(
            connection
            + struct.pack(">II", 1, 2)
            + bytes.fromhex(key)
            + b"-XX0001-" + key[:12].encode()
            + struct.pack(">QQQIIIiH", 0, 0, 1, 2, 0, 1, -1, endpoint[1])
        )  # fmt: skip
        asking.recv(1024)


def tracked(seed, *urls):
    parts = magnets.parse(seed.magnet_uri)
    return magnets.Magnet(parts.v1, parts.v2, trackers=urls)


def outcomes(wanted, timeout_s=4):
    return {o.magnet_hash: o for o in probes.probe(wanted, timeout_s)}


@pytest.mark.parametrize("protocol", ["udp", "http"])
def test_peers_that_only_a_tracker_knows_are_found(swarm, tracker, seeds, protocol):
    with seeder(f"{NETWORK}.231.1", seeds) as endpoint:
        tell(tracker.udp, seeds[:6], endpoint)

        found = outcomes([tracked(seed, getattr(tracker, protocol)) for seed in seeds[:6]])

    assert {h: (o.status, o.num_peers, o.metadata.name) for h, o in found.items()} == {
        seed.v1 or seed.v2: ("ok", 1, seed.name) for seed in seeds[:6]
    }


def test_without_a_dht_trackers_are_enough(no_dht, configure, tracker, seeds):
    configure(allow_private_networks=True, magnet_metadata_timeout_s=4)
    with seeder(f"{NETWORK}.232.1", seeds) as endpoint:
        tell(tracker.udp, seeds[:1], endpoint)

        found = outcomes([tracked(seeds[0], tracker.udp), magnets.parse(make.magnet("ab" * 20))])

    assert {h: o.status for h, o in found.items()} == {
        seeds[0].v1 or seeds[0].v2: "ok",
        "ab" * 20: "unavailable",
    }


def test_what_neither_dht_nor_tracker_knows_is_inactive(swarm, tracker):
    magnet = magnets.Magnet(dead_keys()[0], None, trackers=(tracker.udp, tracker.http))

    outcome = outcomes([magnet], timeout_s=2)[magnet.hash]

    assert (outcome.status, str(outcome.error)) == (
        "inactive",
        "Nobody in the DHT or at its trackers has this torrent (asked within 2 s).",
    )


def test_without_a_dht_nobody_at_the_trackers_is_said_of_them_alone(no_dht, configure, tracker):
    configure(allow_private_networks=True)
    magnet = magnets.Magnet(dead_keys()[1], None, trackers=(tracker.udp,))

    outcome = outcomes([magnet], timeout_s=2)[magnet.hash]

    assert (outcome.status, str(outcome.error)) == (
        "inactive",
        "Nobody at its trackers has this torrent; the DHT can't be reached (asked within 2 s).",
    )


def test_with_neither_dht_nor_tracker_nothing_is_known(no_dht, configure):
    configure(allow_private_networks=True)
    magnet = magnets.Magnet("ab" * 20, None, trackers=("udp://127.0.0.1:1",))

    outcome = outcomes([magnet], timeout_s=1)[magnet.hash]

    assert (outcome.status, str(outcome.error)) == (
        "unavailable",
        "Neither the DHT nor a tracker of this torrent answered. Check the network and"
        " GHOST_DHT_BOOTSTRAP_NODES.",
    )


def test_a_tracker_is_not_asked_when_the_dht_names_peers(swarm, tracker):
    seed = swarm.seeds[0]

    found = outcomes([tracked(seed, tracker.udp)])

    assert [o.status for o in found.values()] == ["ok"]
    assert client._trackers is None


def test_who_probes_is_found_neither_in_the_dht_nor_at_the_tracker(swarm, tracker, seeds):
    dead = dead_keys()
    with seeder(f"{NETWORK}.233.1", seeds) as endpoint:
        tell(tracker.udp, seeds, endpoint)
        live_keys = [key for seed in seeds for key in seed.dht_keys]
        before = counts(tracker.udp, [*live_keys, *dead])
        received = engine_session.session().counters()["net.recv_payload_bytes"]

        found = outcomes(
            [tracked(seed, tracker.udp, tracker.http) for seed in seeds]
            + [magnets.Magnet(v1, None, trackers=(tracker.udp, tracker.http)) for v1 in dead],
            timeout_s=5,
        )
        client.close()

        after = counts(tracker.udp, [*live_keys, *dead])
        asked_again = swarm.peers_of(dead)
        paid = engine_session.session().counters()["net.recv_payload_bytes"] - received
    live = {seed.v1 or seed.v2 for seed in seeds}
    assert {h for h, o in found.items() if o.status == "ok"} == live
    # A DHT node's answer to another question may name a peer for one of the dead: then it is
    # "timeout".
    assert sum(found[v1].status == "inactive" for v1 in dead) >= DEAD - 3
    assert before == dict.fromkeys(live_keys, (1, 0)) | dict.fromkeys(dead, (0, 0))
    assert after == before
    assert asked_again == {key: set() for key in dead}
    assert paid == 0
