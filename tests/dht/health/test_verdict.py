"""What evidence makes of a resource's health."""

from __future__ import annotations

import pytest

from dht.engine.lookups import Sighting
from dht.health.verdict import Evidence, ScannedResource, judge
from dht.models import Method
from dht.trackers.announces import Swarm


def resource(status: str = "Active", misses: int = 0) -> ScannedResource:
    return ScannedResource(1, "ab" * 20, None, "magnet:?", status, misses, None)


@pytest.mark.parametrize(
    ("evidence", "method"),
    [
        (Evidence(is_seen=True, is_counted=True, web_seed=True), Method.DHT),
        (Evidence(is_counted=True, web_seed=True), Method.TRACKER),
        (Evidence(web_seed=True), Method.WEB_SEED),
    ],
)
def test_the_strongest_sign_of_life_makes_it_active(evidence, method):
    found = judge(resource("Stale", 5), evidence)

    assert (found.status, found.method, found.misses) == ("Active", method, 0)
    assert found.is_alive


@pytest.mark.parametrize(
    ("misses", "web_seed", "status"),
    [(0, False, "Active"), (1, False, "Stale"), (1, None, "Active"), (6, None, "Stale")],
    ids=["first miss", "second miss", "web seed not asked", "web seed not asked for long"],
)
def test_misses_in_a_row_make_it_stale(configure, misses, web_seed, status):
    configure(dht_stale_after=2)

    found = judge(resource(misses=misses), Evidence(is_answered=True, web_seed=web_seed))

    assert (found.status, found.misses, found.is_alive) == (status, misses + 1, False)


def test_nobody_answering_makes_it_unknown_and_is_no_miss():
    found = judge(resource(misses=1), Evidence())

    assert (found.status, found.misses) == ("Unknown", 1)


def test_evidence_keeps_the_most_that_anybody_said():
    evidence = Evidence()
    evidence.add_sighting(Sighting(nodes=1, peers=2, is_seen=False))
    evidence.add_swarm(Swarm(seeds=3, leechers=4))
    evidence.add_swarm(Swarm(seeds=0, leechers=0))

    assert (evidence.nodes, evidence.peers, evidence.seeds) == (1, 7, 3)
    assert (evidence.is_counted, evidence.is_seen, evidence.has_peers) == (True, False, True)


def test_a_hybrid_has_two_keys():
    hybrid = resource()._replace(magnet_hash_v2="cd" * 32)

    assert hybrid.keys == {"ab" * 20, "cd" * 20}
