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
from dht.engine import lookups, session
from dht.engine.agenda import Agenda
from dht.engine.reachability import Reach
from dht.trackers import client as trackers
from ghost.core.text.reasons import NONE, Reason, ReasonCode
from resources.states import ProbeStatus
from resources.torrents import sanitize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from resources.torrents.magnets import Magnet
    from resources.torrents.metadata import Metadata

MAX_PEERS, PEERS_OF_ONE = 400, 50
"""Of a probe, and of one answer: who names many must not keep out who names the true ones."""
TRACKERS_AFTER_S = 3.0
"""The DHT names most peers within a second. Later than a fifth of the time would be too late."""


@dataclass(frozen=True)
class Outcome:
    """How one probe ended: `metadata` with status ok, else the reason why not."""

    magnet_hash: str
    status: ProbeStatus
    metadata: Metadata | None = None
    error: Reason = NONE
    num_peers: int = 0


@dataclass(eq=False)
class _Sought:
    """A probe that has begun: who was named so far, and which trackers are left to be asked."""

    magnet: Magnet
    ends_at: float
    trackers: list[list[str]]
    packets: int
    """Of the DHT, when it began."""
    peers: set[session.Endpoint] = field(default_factory=set)
    is_tracked: bool = False
    is_heard: bool = False
    """Whether a tracker has answered, were it that nobody is there."""


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
        self._session = session.session()
        self._timeout_s = timeout_s
        self._pause_s = min(TRACKERS_AFTER_S, timeout_s / 5)
        self._waiting: dict[str, Magnet] = {}
        self._sought: dict[str, _Sought] = {}
        self._by_key: dict[str, list[str]] = {}
        self._again: deque[_Sought] = deque()
        self._agenda = Agenda[Outcome | None]()
        self._trackers: trackers.Trackers | None = None
        self._patience_s = min(session.NODES_PATIENCE_S, timeout_s / 2)
        self._dht = Reach(self._session, self._patience_s)

    def __len__(self) -> int:
        return len(self._waiting) + len(self._sought)

    def add(self, magnet: Magnet) -> None:
        """Let it join, unless it is being probed already; with another half it begins anew."""
        under_way = self._sought.get(magnet.hash)
        if under_way is not None:
            if under_way.magnet.dht_keys == magnet.dht_keys:
                return
            self._end(under_way)
        self._waiting[magnet.hash] = magnet

    def abandon(self) -> None:
        """Forget all that has not ended."""
        for sought in list(self._sought.values()):
            self._end(sought)
        self._waiting.clear()
        self._session.save_state()

    def step(self, wait_s: float) -> list[Outcome]:
        """Go on for about `wait_s` seconds; the probes that ended."""
        if not self._sought and self._dht.is_awaited(wait_s):
            return []
        ended = self._begin_some()
        is_more = self._waiting or self._again
        for event in self._session.events(min(wait_s, lookups.PACE_S) if is_more else wait_s):
            ended += self._take(event)
        self._hear_trackers()
        return ended + [outcome for outcome in self._agenda.due() if outcome]

    # -- who has it

    def _begin_some(self) -> list[Outcome]:
        """Begin as many as there is room for: in a burst, answers would be lost."""
        if not self._waiting and not self._again:
            return []
        if not self._dht.is_there:
            return self._begin_without_dht()
        room = lookups.BUSY_AT_ONCE - self._session.busy_lookups().busy
        while self._again and room > 0:
            room -= self._look_up(self._again.popleft())
        while self._waiting and room > 0:
            room -= self._look_up(self._begin())
        return []

    def _begin(self) -> _Sought:
        magnet = self._waiting.pop(next(iter(self._waiting)))
        now = time.monotonic()
        left_s = self._timeout_s - (0 if self._dht.is_there else self._patience_s)
        sought = self._sought[magnet.hash] = _Sought(
            magnet, now + left_s, _askable(magnet), self._dht.packets()
        )
        for key in magnet.dht_keys:
            self._by_key.setdefault(key, []).append(magnet.hash)
        self._note(now + (self._pause_s if self._dht.is_there else 0), self._ask_trackers, sought)
        self._note(now + self._timeout_s / 2, self._try_again, sought)
        self._note(now + self._timeout_s * 3 / 4, self._try_peers_again, sought)
        self._note(sought.ends_at, self._give_up, sought)
        return sought

    def _note(self, at: float, call: Callable[[_Sought], Outcome | None], sought: _Sought) -> None:
        def due() -> Outcome | None:
            is_under_way = self._sought.get(sought.magnet.hash) is sought
            return call(sought) if is_under_way else None

        self._agenda.note(at, due)

    def _begin_without_dht(self) -> list[Outcome]:
        """Only trackers can name peers."""
        self._again.clear()
        lost = [h for h, magnet in self._waiting.items() if not _askable(magnet)]
        for magnet_hash in lost:
            del self._waiting[magnet_hash]
        while self._waiting:
            self._begin()
        return [Outcome(h, ProbeStatus.UNAVAILABLE, error=reasons.NO_DHT()) for h in lost]

    def _look_up(self, sought: _Sought) -> int:
        """Ask the DHT; how many questions that took."""
        for key in sought.magnet.dht_keys:
            self._session.look_up(key)
        return len(sought.magnet.dht_keys)

    def _ask_trackers(self, sought: _Sought) -> None:
        """Ask those over UDP, and after a pause those over HTTP, if nobody was named so far, or
        half of the time went by with peers that gave nothing."""
        left_s = sought.ends_at - time.monotonic()
        if not sought.trackers or (sought.peers and left_s > self._timeout_s / 2):
            return
        sought.is_tracked = True
        self._trackers = self._trackers or trackers.trackers()
        urls = sought.trackers.pop(0)
        for key in sought.magnet.dht_keys:
            self._trackers.find_peers(key, urls, self._session.listen_port(), left_s)
        self._note(time.monotonic() + self._pause_s, self._ask_trackers, sought)

    def _try_again(self, sought: _Sought) -> None:
        """Answers get lost, peers too, and a swarm may have appeared since."""
        self._try_peers_again(sought)
        self._again.append(sought)
        self._ask_trackers(sought)

    def _try_peers_again(self, sought: _Sought) -> None:
        if sought.peers:
            self._session.fetch(sought.magnet, sought.peers)

    # -- what comes

    def _hear_trackers(self) -> None:
        for event in self._trackers.events() if self._trackers else ():
            if isinstance(event, trackers.PeersOfTracker):
                for magnet_hash in self._by_key.get(event.key, ()):
                    self._sought[magnet_hash].is_heard = True
                self._meet(event.key, event.peers)

    def _take(self, event: session.Event) -> list[Outcome]:
        if isinstance(event, session.PeersNamed):
            self._meet(event.key, event.peers)
            return []
        sought = self._sought.get(event.magnet_hash)
        if sought is None:
            return []
        self._end(sought)
        if isinstance(event, session.TorrentRefused):
            error = reasons.BAD_METADATA(reason=event.reason)
            return [self._miss(sought, ProbeStatus.TIMEOUT, error)]
        return [self._arrive(sought, event.torrent)]

    def _meet(self, key: str, peers: Iterable[session.Endpoint]) -> None:
        for magnet_hash in self._by_key.get(key, ()):
            sought = self._sought[magnet_hash]
            room = min(MAX_PEERS - len(sought.peers), PEERS_OF_ONE)
            new = [peer for peer in dict.fromkeys(peers) if peer not in sought.peers][:room]
            if new:
                sought.peers.update(new)
                self._session.fetch(sought.magnet, new)

    def _arrive(self, sought: _Sought, torrent: sanitize.Torrent) -> Outcome:
        num_peers = len(sought.peers)
        found = sanitize.metadata(sought.magnet, torrent, num_peers)
        if found is None:
            return self._miss(sought, ProbeStatus.TIMEOUT, reasons.OTHER_HASH())
        return Outcome(sought.magnet.hash, ProbeStatus.OK, found, num_peers=num_peers)

    def _give_up(self, sought: _Sought) -> Outcome:
        self._end(sought)
        is_answered = self._dht.has_spoken_since(sought.packets) or sought.is_heard
        if sought.peers:
            error = reasons.NO_METADATA(number=len(sought.peers), seconds=self._timeout_s)
            return self._miss(sought, ProbeStatus.TIMEOUT, error)
        if not is_answered:
            error = (reasons.NO_DHT_NOR_TRACKER if sought.is_tracked else reasons.NO_DHT)()
            return self._miss(sought, ProbeStatus.UNAVAILABLE, error)
        error = self._who_was_asked(sought)(seconds=self._timeout_s)
        return self._miss(sought, ProbeStatus.INACTIVE, error)

    def _who_was_asked(self, sought: _Sought) -> ReasonCode:
        """Why nobody was found, by who was asked and answered."""
        if sought.is_heard:
            return reasons.NOT_ANYWHERE if self._dht.is_there else reasons.NOT_AT_TRACKERS
        return reasons.NOT_IN_DHT_NO_TRACKER if sought.is_tracked else reasons.NOT_IN_DHT

    def _miss(self, sought: _Sought, status: ProbeStatus, error: Reason) -> Outcome:
        return Outcome(sought.magnet.hash, status, error=error, num_peers=len(sought.peers))

    def _end(self, sought: _Sought) -> None:
        del self._sought[sought.magnet.hash]
        self._session.drop(sought.magnet.hash)
        for key in sought.magnet.dht_keys:
            self._by_key[key].remove(sought.magnet.hash)
            if not self._by_key[key]:
                del self._by_key[key]
            if self._trackers and sought.is_tracked:
                self._trackers.forget(key)


def _askable(magnet: Magnet) -> list[list[str]]:
    """Its trackers in the order in which they are asked: an announce over HTTP costs as much as
    thirty over UDP. Browsers' (ws) can't be asked."""
    chosen = [[u for u in magnet.trackers if u.startswith(schemes)] for schemes in _SCHEMES]
    return [urls for urls in chosen if urls]


_SCHEMES = (("udp://",), ("http://", "https://"))
