"""Many magnets probed at once, in two phases.

First the DHT is asked who has a magnet, and its trackers if the DHT names nobody; only when
somebody is named, these peers are asked for its metadata (BEP 9). Nothing is announced to the
DHT, and trackers hear at once that we left, so probing what is dead does not make it look alive.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dht import reasons
from dht.engine import lookups, mock, session
from dht.engine.events import Endpoint, Event, PeersNamed, TorrentRefused
from dht.engine.outcomes import ProbeOutcome
from dht.engine.reachability import Reachability
from dht.engine.timers import Timers
from dht.trackers import client as trackers
from ghost.core.text.reasons import Reason, ReasonCode
from resources.states import ProbeStatus
from resources.torrents import sanitize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from resources.torrents.magnets import Magnet

MAX_PEERS, PEERS_OF_ONE = 400, 50
"""Of a probe, and of one answer: who names many must not keep out who names the true ones."""
TRACKERS_AFTER_S = 3.0
"""The DHT names most peers within a second. Later than a fifth of the time would be too late."""


@dataclass(eq=False)
class _Probe:
    """A probe that has begun: who was named so far, and which trackers are left to be asked."""

    magnet: Magnet
    ends_at: float
    trackers: list[list[str]]
    packets: int
    """Of the DHT, when it began."""
    peers: set[Endpoint] = field(default_factory=set)
    has_asked_trackers: bool = False
    has_tracker_answered: bool = False
    """Whether a tracker has answered, were it that nobody is there."""


def probe(magnets: Iterable[Magnet], timeout_s: float) -> Iterator[ProbeOutcome]:
    """Probe all of them together, each for up to `timeout_s` seconds; outcomes as they come.

    OutageError if libtorrent can't be loaded.
    """
    probes = begun(timeout_s)
    for magnet in magnets:
        probes.add(magnet)
    try:
        while len(probes):
            yield from probes.step(0.25)
    finally:
        probes.abandon()


def begun(timeout_s: float) -> Probes | mock.MockProbes:
    """Where magnets join, asked of the network or made up, as the settings say.

    OutageError if libtorrent can't be loaded.
    """
    return mock.MockProbes() if mock.is_on() else Probes(timeout_s)


class Probes:
    """Probes under way in this process's session; more may join at any time."""

    def __init__(self, timeout_s: float) -> None:
        self._session = session.session()
        self._timeout_s = timeout_s
        self._pause_s = min(TRACKERS_AFTER_S, timeout_s / 5)
        self._waiting: dict[str, Magnet] = {}
        self._under_way: dict[str, _Probe] = {}
        self._hashes_by_key: dict[str, list[str]] = {}
        self._repeated: deque[_Probe] = deque()
        self._timers = Timers[ProbeOutcome | None]()
        self._trackers: trackers.Trackers | None = None
        self._patience_s = min(session.NODES_PATIENCE_S, timeout_s / 2)
        self._dht = Reachability(self._session, self._patience_s)

    def __len__(self) -> int:
        return len(self._waiting) + len(self._under_way)

    def add(self, magnet: Magnet) -> None:
        """Let it join, unless it is being probed already; with another half it begins anew."""
        earlier = self._under_way.get(magnet.hash)
        if earlier is not None:
            if earlier.magnet.dht_keys == magnet.dht_keys:
                return
            self._end(earlier)
        self._waiting[magnet.hash] = magnet

    def abandon(self) -> None:
        """Forget all that has not ended."""
        for probe in list(self._under_way.values()):
            self._end(probe)
        self._waiting.clear()
        self._session.save_state()

    def step(self, wait_s: float) -> list[ProbeOutcome]:
        """Go on for about `wait_s` seconds; the probes that ended."""
        if not self._under_way and self._dht.is_still_waited_for(wait_s):
            return []
        ended = self._begin_waiting()
        is_more = self._waiting or self._repeated
        for event in self._session.events(min(wait_s, lookups.PACE_S) if is_more else wait_s):
            ended += self._handle(event)
        self._read_trackers()
        return ended + [outcome for outcome in self._timers.due() if outcome]

    # -- finding peers

    def _begin_waiting(self) -> list[ProbeOutcome]:
        """Begin as many as there is room for: in a burst, answers would be lost."""
        if not self._waiting and not self._repeated:
            return []
        if not self._dht.is_reachable:
            return self._begin_without_dht()
        room = lookups.BUSY_AT_ONCE - self._session.lookup_load().busy
        while self._repeated and room > 0:
            room -= self._look_up(self._repeated.popleft())
        while self._waiting and room > 0:
            room -= self._look_up(self._begin())
        return []

    def _begin(self) -> _Probe:
        magnet = self._waiting.pop(next(iter(self._waiting)))
        now = time.monotonic()
        left_s = self._timeout_s - (0 if self._dht.is_reachable else self._patience_s)
        probe = self._under_way[magnet.hash] = _Probe(
            magnet, now + left_s, _tracker_urls(magnet), self._dht.packets()
        )
        for key in magnet.dht_keys:
            self._hashes_by_key.setdefault(key, []).append(magnet.hash)
        self._call_at(
            now + (self._pause_s if self._dht.is_reachable else 0), self._ask_trackers, probe
        )
        self._call_at(now + self._timeout_s / 2, self._repeat, probe)
        self._call_at(now + self._timeout_s * 3 / 4, self._repeat_peers, probe)
        self._call_at(probe.ends_at, self._give_up, probe)
        return probe

    def _call_at(
        self, at: float, call: Callable[[_Probe], ProbeOutcome | None], probe: _Probe
    ) -> None:
        def due() -> ProbeOutcome | None:
            is_under_way = self._under_way.get(probe.magnet.hash) is probe
            return call(probe) if is_under_way else None

        self._timers.call_at(at, due)

    def _begin_without_dht(self) -> list[ProbeOutcome]:
        """Only trackers can name peers."""
        self._repeated.clear()
        lost = [h for h, magnet in self._waiting.items() if not _tracker_urls(magnet)]
        for magnet_hash in lost:
            del self._waiting[magnet_hash]
        while self._waiting:
            self._begin()
        return [ProbeOutcome(h, ProbeStatus.UNAVAILABLE, error=reasons.NO_DHT()) for h in lost]

    def _look_up(self, probe: _Probe) -> int:
        """Ask the DHT; how many questions that took."""
        for key in probe.magnet.dht_keys:
            self._session.look_up(key)
        return len(probe.magnet.dht_keys)

    def _ask_trackers(self, probe: _Probe) -> None:
        """Ask those over UDP, and after a pause those over HTTP, if nobody was named so far, or
        half of the time went by with peers that gave nothing."""
        left_s = probe.ends_at - time.monotonic()
        if not probe.trackers or (probe.peers and left_s > self._timeout_s / 2):
            return
        probe.has_asked_trackers = True
        self._trackers = self._trackers or trackers.trackers()
        urls = probe.trackers.pop(0)
        for key in probe.magnet.dht_keys:
            self._trackers.find_peers(key, urls, self._session.listen_port(), left_s)
        self._call_at(time.monotonic() + self._pause_s, self._ask_trackers, probe)

    def _repeat(self, probe: _Probe) -> None:
        """Answers get lost, peers too, and a swarm may have appeared since."""
        self._repeat_peers(probe)
        self._repeated.append(probe)
        self._ask_trackers(probe)

    def _repeat_peers(self, probe: _Probe) -> None:
        if probe.peers:
            self._session.fetch(probe.magnet, probe.peers)

    # -- answers

    def _read_trackers(self) -> None:
        for event in self._trackers.events() if self._trackers else ():
            if isinstance(event, trackers.PeersOfTracker):
                for magnet_hash in self._hashes_by_key.get(event.key, ()):
                    self._under_way[magnet_hash].has_tracker_answered = True
                self._add_peers(event.key, event.peers)

    def _handle(self, event: Event) -> list[ProbeOutcome]:
        if isinstance(event, PeersNamed):
            self._add_peers(event.key, event.peers)
            return []
        probe = self._under_way.get(event.magnet_hash)
        if probe is None:
            return []
        self._end(probe)
        if isinstance(event, TorrentRefused):
            error = reasons.BAD_METADATA(reason=event.reason)
            return [self._miss(probe, ProbeStatus.TIMEOUT, error)]
        return [self._finish(probe, event.torrent)]

    def _add_peers(self, key: str, peers: Iterable[Endpoint]) -> None:
        for magnet_hash in self._hashes_by_key.get(key, ()):
            probe = self._under_way[magnet_hash]
            room = min(MAX_PEERS - len(probe.peers), PEERS_OF_ONE)
            new = [peer for peer in dict.fromkeys(peers) if peer not in probe.peers][:room]
            if new:
                probe.peers.update(new)
                self._session.fetch(probe.magnet, new)

    def _finish(self, probe: _Probe, torrent: sanitize.Torrent) -> ProbeOutcome:
        num_peers = len(probe.peers)
        metadata = sanitize.metadata(probe.magnet, torrent, num_peers)
        if metadata is None:
            return self._miss(probe, ProbeStatus.TIMEOUT, reasons.OTHER_HASH())
        return ProbeOutcome(probe.magnet.hash, ProbeStatus.OK, metadata, num_peers=num_peers)

    def _give_up(self, probe: _Probe) -> ProbeOutcome:
        self._end(probe)
        is_answered = self._dht.has_answered_since(probe.packets) or probe.has_tracker_answered
        if probe.peers:
            error = reasons.NO_METADATA(number=len(probe.peers), seconds=self._timeout_s)
            return self._miss(probe, ProbeStatus.TIMEOUT, error)
        if not is_answered:
            error = (reasons.NO_DHT_NOR_TRACKER if probe.has_asked_trackers else reasons.NO_DHT)()
            return self._miss(probe, ProbeStatus.UNAVAILABLE, error)
        error = self._who_was_asked(probe)(seconds=self._timeout_s)
        return self._miss(probe, ProbeStatus.INACTIVE, error)

    def _who_was_asked(self, probe: _Probe) -> ReasonCode:
        """Why nobody was found, by who was asked and answered."""
        if probe.has_tracker_answered:
            return reasons.NOT_ANYWHERE if self._dht.is_reachable else reasons.NOT_AT_TRACKERS
        return reasons.NOT_IN_DHT_NO_TRACKER if probe.has_asked_trackers else reasons.NOT_IN_DHT

    def _miss(self, probe: _Probe, status: ProbeStatus, error: Reason) -> ProbeOutcome:
        return ProbeOutcome(probe.magnet.hash, status, error=error, num_peers=len(probe.peers))

    def _end(self, probe: _Probe) -> None:
        del self._under_way[probe.magnet.hash]
        self._session.drop(probe.magnet.hash)
        for key in probe.magnet.dht_keys:
            self._hashes_by_key[key].remove(probe.magnet.hash)
            if not self._hashes_by_key[key]:
                del self._hashes_by_key[key]
            if self._trackers and probe.has_asked_trackers:
                self._trackers.forget(key)


def _tracker_urls(magnet: Magnet) -> list[list[str]]:
    """Its trackers in the order in which they are asked: an announce over HTTP costs as much as
    thirty over UDP. Browsers' (ws) can't be asked."""
    chosen = [[u for u in magnet.trackers if u.startswith(schemes)] for schemes in _SCHEMES]
    return [urls for urls in chosen if urls]


_SCHEMES = (("udp://",), ("http://", "https://"))
