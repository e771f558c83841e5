"""Many magnets probed at once, in two phases.

First the DHT is asked who has a magnet; only when somebody is named, these peers are asked for
its metadata (BEP 9). Nothing is announced, so probing what is dead does not make it look alive.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dht import swarm, torrents
from resources.states import ProbeStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from resources.magnets import Magnet
    from resources.metadata import Metadata

LOOKUPS_PER_S, BURST = 500, 100.0
MAX_PEERS = 200


@dataclass(frozen=True)
class Outcome:
    """How one probe ended: `metadata` with status ok, else a sentence that says why not."""

    magnet_hash: str
    status: ProbeStatus
    metadata: Metadata | None = None
    error: str = ""
    num_peers: int = 0


@dataclass
class _Sought:
    magnet: Magnet
    started_at: float
    is_repeated: bool = False
    peers: set[swarm.Endpoint] = field(default_factory=set)


def probe(magnets: Iterable[Magnet], timeout_s: float) -> Iterator[Outcome]:
    """Probe all of them together, each for up to `timeout_s` seconds; outcomes as they come.

    OutageError if libtorrent can't be loaded.
    """
    probes = Probes(timeout_s)
    for magnet in magnets:
        probes.add(magnet)
    try:
        while len(probes):
            yield from probes.step(0.25)
    finally:
        probes.abandon()


class Probes:
    """Probes under way in this process's session; more may join at any time."""

    def __init__(self, timeout_s: float) -> None:
        self._session = swarm.session()
        self._timeout_s = timeout_s
        self._waiting: dict[str, Magnet] = {}
        self._sought: dict[str, _Sought] = {}
        self._by_key: dict[str, list[str]] = {}
        self._allowance, self._paid_at = BURST, time.monotonic()
        self._began_at: float | None = None
        self._has_dht = False

    def __len__(self) -> int:
        return len(self._waiting) + len(self._sought)

    def add(self, magnet: Magnet) -> None:
        """Let it join, unless it is being probed already; with another half it begins anew."""
        under_way = self._sought.get(magnet.hash)
        if under_way is not None:
            if under_way.magnet.dht_keys == magnet.dht_keys:
                return
            self._end(magnet.hash)
        self._waiting[magnet.hash] = magnet

    def abandon(self) -> None:
        """Forget all that has not ended."""
        for magnet_hash in list(self._sought):
            self._end(magnet_hash)
        self._waiting.clear()
        self._session.save_state()

    def step(self, wait_s: float) -> list[Outcome]:
        """Go on for about `wait_s` seconds; the probes that ended."""
        if not self._reach_dht(wait_s):
            return []
        if not self._has_dht:
            return self._all_unavailable()
        self._start_some()
        ended = [o for event in self._session.events(wait_s) for o in self._take(event)]
        return ended + self._expire()

    # -- the DHT

    def _reach_dht(self, wait_s: float) -> bool:
        """False while the DHT still has time to answer for the first time."""
        if self._has_dht:
            return True
        now = time.monotonic()
        self._began_at = self._began_at or now
        patience_s = min(swarm.NODES_PATIENCE_S, self._timeout_s)
        self._has_dht = self._session.has_nodes(wait_s)
        return self._has_dht or now - self._began_at >= patience_s

    def _all_unavailable(self) -> list[Outcome]:
        hashes = [*self._sought, *self._waiting]
        self.abandon()
        self._began_at = None
        return [_unavailable(magnet_hash) for magnet_hash in hashes]

    def _start_some(self) -> None:
        """Start look-ups at a bounded pace: a burst would lose the answers."""
        now = time.monotonic()
        earned = (now - self._paid_at) * LOOKUPS_PER_S
        self._allowance, self._paid_at = min(self._allowance + earned, BURST), now
        while self._waiting and self._allowance >= 1:
            magnet = self._waiting.pop(next(iter(self._waiting)))
            self._sought[magnet.hash] = _Sought(magnet, started_at=now)
            for key in magnet.dht_keys:
                self._by_key.setdefault(key, []).append(magnet.hash)
            self._look_up(magnet)

    def _look_up(self, magnet: Magnet) -> None:
        for key in magnet.dht_keys:
            self._session.look_up(key)
            self._allowance -= 1

    # -- what comes

    def _take(self, event: swarm.Event) -> list[Outcome]:
        if isinstance(event, swarm.PeersNamed):
            for magnet_hash in self._by_key.get(event.key, []):
                self._meet(self._sought[magnet_hash], event.peers)
            return []
        sought = self._sought.get(event.magnet_hash)
        return [self._arrive(sought, event.torrent)] if sought else []

    def _meet(self, sought: _Sought, peers: Iterable[swarm.Endpoint]) -> None:
        room = MAX_PEERS - len(sought.peers)
        new = [peer for peer in dict.fromkeys(peers) if peer not in sought.peers][:room]
        if new:
            sought.peers.update(new)
            self._session.fetch(sought.magnet, new)

    def _arrive(self, sought: _Sought, torrent: torrents.Torrent) -> Outcome:
        magnet_hash, num_peers = sought.magnet.hash, len(sought.peers)
        self._end(magnet_hash)
        found = torrents.metadata(sought.magnet, torrent, num_peers)
        if found is None:
            error = "The torrent has another hash than the magnet link says."
            return Outcome(magnet_hash, ProbeStatus.TIMEOUT, error=error, num_peers=num_peers)
        return Outcome(magnet_hash, ProbeStatus.OK, found, num_peers=num_peers)

    def _expire(self) -> list[Outcome]:
        now = time.monotonic()
        ended = []
        for magnet_hash, sought in list(self._sought.items()):
            age = now - sought.started_at
            if age >= self._timeout_s:
                ended.append(self._give_up(sought))
                self._end(magnet_hash)
            elif age >= self._timeout_s / 2 and not sought.is_repeated and self._allowance >= 1:
                # Answers get lost, and a swarm may have appeared since.
                sought.is_repeated = True
                self._look_up(sought.magnet)
        return ended

    def _give_up(self, sought: _Sought) -> Outcome:
        magnet_hash, num_peers = sought.magnet.hash, len(sought.peers)
        within = f"within {self._timeout_s:g} s"
        if num_peers:
            error = f"{_peers(num_peers)} found, but none gave the metadata {within}."
            return Outcome(magnet_hash, ProbeStatus.TIMEOUT, error=error, num_peers=num_peers)
        if not self._session.num_nodes():
            self._has_dht, self._began_at = False, None
            return _unavailable(magnet_hash)
        error = f"Nobody in the DHT has this torrent (asked {within})."
        return Outcome(magnet_hash, ProbeStatus.INACTIVE, error=error)

    def _end(self, magnet_hash: str) -> None:
        sought = self._sought.pop(magnet_hash)
        self._session.drop(magnet_hash)
        for key in sought.magnet.dht_keys:
            self._by_key[key].remove(magnet_hash)
            if not self._by_key[key]:
                del self._by_key[key]


def _unavailable(magnet_hash: str) -> Outcome:
    error = (
        "The DHT can't be reached: no node answered. Check the network and"
        " GHOST_DHT_BOOTSTRAP_NODES."
    )
    return Outcome(magnet_hash, ProbeStatus.UNAVAILABLE, error=error)


def _peers(number: int) -> str:
    return "1 peer was" if number == 1 else f"{number} peers were"
