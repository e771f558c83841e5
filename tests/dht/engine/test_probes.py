"""Probing against real seeders and a real DHT on loopback."""

from __future__ import annotations

import base64
import hashlib

import libtorrent as lt
import pytest

from dht.engine import probes
from dht.engine import session as engine_session
from resources.torrents import magnets
from tests import make
from tests.presence import present


def probe(*uris, timeout_s=3):
    return {o.magnet_hash: o for o in probes.probe([magnets.parse(uri) for uri in uris], timeout_s)}


def test_all_six_kinds_give_their_true_files(swarm):
    outcomes = probe(*(seed.magnet_uri for seed in swarm.seeds))

    found = {
        h: (o.status, o.metadata.name, tuple(sorted((f.path, f.size) for f in o.metadata.files)))
        for h, o in outcomes.items()
    }
    assert found == {
        seed.v1 or seed.v2: ("ok", seed.name, tuple(sorted(seed.files))) for seed in swarm.seeds
    }


def test_sizes_and_pieces_are_true_without_pad_files(swarm):
    outcomes = probe(*(seed.magnet_uri for seed in swarm.seeds))

    found = {
        h: (o.metadata.total_size_bytes, o.metadata.file_count, o.metadata.piece_length)
        for h, o in outcomes.items()
    }
    assert found == {
        seed.v1 or seed.v2: (seed.total_size_bytes, len(seed.files), 16384) for seed in swarm.seeds
    }


def test_a_torrent_file_made_of_the_info_section_has_the_same_hash(swarm):
    outcomes = probe(*(seed.magnet_uri for seed in swarm.seeds))

    for seed in swarm.seeds:
        info = outcomes[seed.v1 or seed.v2].metadata.info
        assert info in seed.body
        if seed.v1:
            hashes = lt.load_torrent_buffer(b"d4:info" + info + b"e").info_hashes
            assert hashes.v1.to_bytes().hex() == seed.v1
        else:
            assert hashlib.sha256(info).hexdigest() == seed.v2


def test_a_base32_link_is_probed(swarm):
    seed = next(seed for seed in swarm.seeds if seed.v1)

    digits = base64.b32encode(bytes.fromhex(seed.v1)).decode()

    outcomes = probe(f"magnet:?xt=urn:btih:{digits}")

    assert [o.metadata.name for o in outcomes.values()] == [seed.name]


@pytest.mark.parametrize("half", ["v1", "v2"])
def test_half_of_a_hybrid_is_enough(swarm, half):
    seed = next(seed for seed in swarm.seeds if seed.v1 and seed.v2)
    uri = {"v1": f"urn:btih:{seed.v1}", "v2": f"urn:btmh:1220{seed.v2}"}[half]

    outcomes = probe(f"magnet:?xt={uri}")

    assert [(h, o.metadata.name) for h, o in outcomes.items()] == [(getattr(seed, half), seed.name)]


def test_a_magnet_that_got_its_other_half_is_probed_anew(swarm):
    seed = next(seed for seed in swarm.seeds if seed.v1 and seed.v2)
    wrong = magnets.parse(f"magnet:?xt=urn:btih:{seed.v1}&xt=urn:btmh:1220{'ab' * 32}")
    right = magnets.parse(seed.magnet_uri)
    running = probes.Probes(20)
    running.add(wrong)
    running.step(0)

    running.add(right)
    outcomes = []
    while len(running):
        outcomes += running.step(0.1)

    assert [(o.status, present(o.metadata).name) for o in outcomes] == [("ok", seed.name)]


def test_a_dead_magnet_is_inactive_when_its_time_is_over(swarm):
    outcome = probe(make.magnet("ab" * 20), timeout_s=0.6)["ab" * 20]

    assert (outcome.status, outcome.num_peers, str(outcome.error)) == (
        "inactive",
        0,
        "Nobody in the DHT has this torrent (asked within 0.6 s).",
    )


def test_without_dht_nodes_a_probe_is_unavailable(no_dht):
    outcome = probe(make.magnet("ab" * 20), timeout_s=0.5)["ab" * 20]

    assert (outcome.status, str(outcome.error)) == (
        "unavailable",
        "The DHT can't be reached: no node answered. Check the network and"
        " GHOST_DHT_BOOTSTRAP_NODES.",
    )


def test_peers_on_private_addresses_are_refused_unless_allowed(swarm, configure):
    engine_session.close()
    configure(allow_private_networks=False, magnet_metadata_timeout_s=0.6)

    outcomes = probe(swarm.seeds[0].magnet_uri, timeout_s=0.6)

    engine_session.close()
    assert [o.status for o in outcomes.values()] == ["unavailable"]


def test_who_probes_is_found_nowhere_in_the_dht(swarm):
    dead = [make.info_hash() for _ in range(20)]

    probe(*(make.magnet(v1) for v1 in dead), timeout_s=0.6)

    assert swarm.peers_of(dead) == {v1: set() for v1 in dead}


def test_the_session_is_empty_after_a_probe(swarm):
    probe(swarm.seeds[0].magnet_uri, make.magnet(), timeout_s=0.6)

    counters = engine_session.session().counters()
    assert (
        sum(
            n
            for name, n in counters.items()
            if name.startswith("ses.num_") and name.endswith("_torrents")
        )
        == 0
    )


def test_a_dht_that_fell_silent_says_nothing_of_the_torrent(swarm, monkeypatch):
    """Its nodes stay in the table, though they can't be reached any more."""
    probe(swarm.seeds[0].magnet_uri)
    packets = engine_session.session().packets()
    monkeypatch.setattr(engine_session.Session, "packets", lambda _: packets)

    outcome = probe(make.magnet("ab" * 20), timeout_s=0.6)["ab" * 20]

    assert outcome.status == "unavailable"
