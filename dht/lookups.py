"""Who has these torrents, asked of the DHT without joining a swarm."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

from dht import swarm

ENOUGH_NODES = 2
"""Answers are matched to questions by a 16-bit number: one alone may belong to another hash."""
SETTLED_AFTER_S = 4.0
"""Live answers came within 1.7 s at the 99th percentile; dead nodes hold a look-up for 15 s."""
_POLL_S = 0.05


@dataclass(frozen=True)
class Sighting:
    """What the DHT said about one key: nodes that named peers, and the distinct peers."""

    nodes: int
    peers: int

    @property
    def is_seen(self) -> bool:
        """Whether enough nodes agree that there are peers."""
        return self.nodes >= ENOUGH_NODES


def look_up(keys: Collection[str], timeout_s: float) -> dict[str, Sighting]:
    """Look up all keys (40 hex digits) at once; what single nodes said is asked again.

    A few hundred keys at most: more answers at a time overflow the socket. Takes up to twice
    `timeout_s`. OutageError if libtorrent can't be loaded.
    """
    found = _ask(keys, timeout_s)
    single = [key for key, sighting in found.items() if sighting.nodes == 1]
    return found | _ask(single, timeout_s) if single else found


def _ask(keys: Collection[str], timeout_s: float) -> dict[str, Sighting]:
    session = swarm.session()
    session.events(0)  # late answers to earlier questions
    nodes = dict.fromkeys(keys, 0)
    peers: dict[str, set[swarm.Endpoint]] = {key: set() for key in nodes}
    for key in nodes:
        session.look_up(key)
    now = time.monotonic()
    deadline, last_answer_at, is_over = now + timeout_s, now, False
    while not is_over:
        # Asked before the answers are read: those of ended look-ups are all among them.
        is_over = session.num_lookups() == 0 or all(n >= ENOUGH_NODES for n in nodes.values())
        for event in session.events(0 if is_over else _POLL_S):
            if isinstance(event, swarm.PeersNamed) and event.key in nodes and event.peers:
                nodes[event.key] += 1
                peers[event.key].update(event.peers)
                last_answer_at = time.monotonic()
        now = time.monotonic()
        is_over = is_over or now >= min(deadline, last_answer_at + SETTLED_AFTER_S)
    return {key: Sighting(nodes[key], len(peers[key])) for key in nodes}
