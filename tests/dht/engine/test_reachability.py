"""Whether the DHT can be reached: by its nodes, and by the packets that they send."""

from __future__ import annotations

from dht.engine import reachability
from dht.engine import session as dht_session
from dht.engine.reachability import Reachability


class Session(dht_session.Session):
    """As many nodes and packets as a test says."""

    def __init__(self, nodes: int = 0, packets: int = 0) -> None:
        self.nodes, self.received = nodes, packets

    def has_nodes(self, patience_s: float) -> bool:
        return bool(self.nodes)

    def num_nodes(self) -> int:
        return self.nodes

    def packets(self) -> int:
        return self.received


def test_a_dht_with_nodes_is_reachable_at_once():
    dht = Reachability(Session(nodes=1), patience_s=60)

    assert (dht.is_still_waited_for(0), dht.is_reachable) == (False, True)


def test_an_empty_dht_is_waited_for_and_given_up_after_its_time():
    dht = Reachability(Session(), patience_s=60)
    impatient = Reachability(Session(), patience_s=0)

    assert (dht.is_still_waited_for(0), dht.is_reachable) == (True, False)
    assert (impatient.is_still_waited_for(0), impatient.is_reachable) == (False, False)


def test_nodes_that_send_nothing_any_more_are_not_reachable(monkeypatch):
    monkeypatch.setattr(reachability, "COUNT_EVERY_S", 0)
    session = Session(nodes=1, packets=5)
    dht = Reachability(session, patience_s=0)
    before = dht.packets()

    assert (dht.has_answered_since(before), dht.is_reachable) == (False, False)

    session.received = 6
    assert (dht.has_answered_since(before), dht.is_reachable) == (True, True)
