"""Look-ups in the real DHT on loopback, and what can only be produced at its entry point."""

from __future__ import annotations

import time

import pytest

from dht.engine import lookups
from dht.engine import session as engine_session
from dht.engine.events import LookupLoad, PeersNamed
from dht.engine.lookups import Sighting
from tests import make


class FakeSession:
    """A session whose nodes answer as told: `answers` has the peers that nodes name, by key."""

    def __init__(self, answers, *, packets=True):
        self.answers, self.has_packets = answers, packets
        self.asked, self.said = [], []
        self.most_at_once = 0

    def look_up(self, key):
        self.asked.append(key)
        rounds = self.answers.get(key, [[]])
        nodes = rounds[min(self.asked.count(key), len(rounds)) - 1]
        self.said += [PeersNamed(key, peers) for peers in nodes]
        self.most_at_once = max(self.most_at_once, len(self.said))

    def events(self, _wait_s):
        said, self.said = self.said, []
        return said

    def lookup_load(self):
        return LookupLoad(under_way=0, busy=len(self.said))

    def packets(self):
        return len(self.asked) if self.has_packets else 0


@pytest.fixture
def through(monkeypatch):
    def use(answers, **kwargs):
        session = FakeSession(answers, **kwargs)
        monkeypatch.setattr(engine_session, "session", lambda: session)
        return session

    return use


NOBODY = Sighting(0, 0, is_seen=False)
A, B = (("127.0.0.1", 1),), (("127.0.0.1", 2), ("127.0.0.1", 1))


def test_the_living_are_seen_by_several_nodes_and_the_dead_by_none(swarm):
    live = [key for seed in swarm.seeds for key in seed.dht_keys]
    dead = [make.info_hash() for _ in range(40)]

    found = dict(lookups.look_up(live + dead, 3))

    assert {key: (found[key].is_seen, found[key].peers) for key in live} == dict.fromkeys(
        live, (True, 1)
    )
    assert {key: found[key] for key in dead} == dict.fromkeys(dead, NOBODY)


def test_peers_are_counted_once_over_all_nodes(through):
    through({"a": [[A, B, A]]})

    assert dict(lookups.look_up(["a"], 1)) == {"a": Sighting(3, 2, is_seen=True)}


@pytest.mark.parametrize(
    ("rounds", "is_seen", "times"),
    [
        ([[A, A, A]], True, 1),
        ([[A], [A, B]], True, 2),
        ([[A, B], [A]], True, 2),
        ([[A, B], [A, B]], True, 2),
        ([[A], [A]], False, 2),
        ([[A], []], False, 2),
        ([[A, B], []], False, 2),
        ([[]], False, 1),
    ],
)
def test_what_too_few_nodes_said_is_asked_again(through, rounds, is_seen, times):
    session = through({"a": rounds})

    [(_, found)] = lookups.look_up(["a"], 1)

    assert (found.is_seen, session.asked) == (is_seen, ["a"] * times)


def test_nobody_answering_at_all_is_told_from_nobody_being_there(through):
    through({}, packets=False)

    assert dict(lookups.look_up(["a"], 0.2)) == {
        "a": Sighting(0, 0, is_seen=False, is_answered=False)
    }


def test_no_more_than_the_network_can_bear_are_busy(through, monkeypatch):
    monkeypatch.setattr(lookups, "BUSY_AT_ONCE", 3)
    keys = [str(number) for number in range(20)]
    session = through({key: [[A, A, A]] for key in keys})

    found = dict(lookups.look_up(keys, 1))

    assert (len(found), session.most_at_once) == (20, 3 * 3)


def test_what_waits_for_its_verdict_keeps_nobody_from_starting(through, monkeypatch):
    monkeypatch.setattr(lookups, "BUSY_AT_ONCE", 1)
    session = through({})
    monkeypatch.setattr(session, "lookup_load", lambda: LookupLoad(under_way=9, busy=0))
    under_way = lookups.Lookups(60)
    for number in range(5):
        under_way.add(str(number))

    for _ in range(5):
        under_way.ask()
        under_way.answers(0)

    assert (len(session.asked), len(under_way), under_way.backlog) == (5, 5, 0)


def test_a_key_that_is_under_way_is_not_asked_twice(through):
    session = through({"a": [[A, A, A]]})
    under_way = lookups.Lookups(1)

    under_way.add("a")
    under_way.ask()
    under_way.add("a")
    under_way.ask()

    assert session.asked == ["a"]


def test_silence_is_told_after_a_while(through, monkeypatch):
    monkeypatch.setattr(lookups, "SILENT_AFTER_S", 0.05)
    session = through({}, packets=False)
    monkeypatch.setattr(session, "lookup_load", lambda: LookupLoad(under_way=1, busy=1))
    under_way = lookups.Lookups(60)
    under_way.add("a")
    before = under_way.is_silent

    under_way.ask()
    under_way.answers(0.1)

    assert (before, under_way.is_silent) == (False, True)
    assert under_way.abandon() == [("a", Sighting(0, 0, is_seen=False, is_answered=False))]


def test_what_was_asked_into_a_pause_is_asked_again(through, monkeypatch):
    monkeypatch.setattr(lookups, "LONG_TURN_S", 0.05)
    session = through({"a": [[], [A, A, A]]})
    under_way = lookups.Lookups(0.3)
    under_way.add("a")
    under_way.ask()
    session.said.clear()
    time.sleep(0.1)  # the process was stopped; what came meanwhile is lost

    found = []
    while len(under_way):
        under_way.ask()
        found += under_way.answers(0.01)

    assert [(key, sighting.is_seen) for key, sighting in found] == [("a", True)]
    assert session.asked == ["a", "a"]


def test_what_was_asked_into_silence_is_asked_again_and_then_unanswered(through, monkeypatch):
    monkeypatch.setattr(lookups, "COUNT_EVERY_S", 0.05)
    session = through({}, packets=False)
    monkeypatch.setattr(session, "lookup_load", lambda: LookupLoad(under_way=1, busy=1))
    under_way = lookups.Lookups(0.3)
    under_way.add("a")

    found = []
    while len(under_way):
        under_way.ask()
        found += under_way.answers(0.01)

    assert session.asked == ["a", "a"]
    assert found == [("a", Sighting(0, 0, is_seen=False, is_answered=False))]


def test_packets_of_before_are_no_answer(through):
    """A session that is warm has counted many."""
    session = through({}, packets=False)
    session.packets = lambda: 1_000_000

    assert dict(lookups.look_up(["a"], 0.2))["a"].is_answered is False
