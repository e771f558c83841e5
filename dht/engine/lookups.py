"""Who has these torrents, asked of the DHT without joining a swarm.

Two clocks, measured in docs/dht.md. How fast look-ups start is the network's matter: only so many
may be busy at a time, or answers overflow the socket. When one without an answer is over is the
clock's: libtorrent doesn't tell the end of a look-up, and dead nodes hold some back for 15 s.
So what waits for its verdict does not keep others from starting.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from dht.engine import session
from dht.engine.events import Endpoint, LookupLoad, PeersNamed

BUSY_AT_ONCE, BURST = 500, 250
"""50 to 500 lost no answers on loopback; 2,000 lost two thirds of them."""
ENOUGH_ANSWERS = 3
"""In one look-up, or else in two: so at least two nodes. Answers are matched to questions by a
16-bit number, and one may belong to another hash: of 5,000 dead keys up to eight got one."""
LATE_ANSWERS_S = 2.0
"""What was seen waits so long for further answers, which name further peers."""
PACE_S, LAST_PACE_S = 0.01, 0.2
"""Between two looks while some are to be started, and when all are: answers come by the dozen."""
REST_EVERY_S, MAX_REST_S = 5.0, 0.3
"""See `Lookups._is_resting`. More often would cost a scan a tenth of its rate."""
COUNT_EVERY_S = 1.0
"""Between two counts of the packets that came."""
LONG_TURN_S = 2.0
"""The slowest turn, between two looks at what came, is a tenth of that."""
SILENT_AFTER_S = 10.0
"""Nodes are asked in turn, a second apart: all of a look-up's first ones could be dead."""


@dataclass(frozen=True)
class Sighting:
    """What the DHT said about one key: nodes that named peers, and the distinct peers.

    `is_seen` if enough of them did. `is_answered` is False if no DHT node sent anything since the
    question: then nothing is known.
    """

    nodes: int
    peers: int
    is_seen: bool
    is_answered: bool = True


@dataclass(slots=True)
class _Lookup:
    key: str
    at: float
    earlier_nodes: int | None
    """Nodes that named peers in an earlier look-up of the key, if there was one."""
    is_disturbed: bool = False
    """Whether nothing at all was heard when its answers were to come."""
    nodes: int = 0
    peers: set[Endpoint] = field(default_factory=set)

    @property
    def is_seen(self) -> bool:
        return self.nodes + (self.earlier_nodes or 0) >= ENOUGH_ANSWERS

    @property
    def is_in_doubt(self) -> bool:
        is_doubtful = bool(self.nodes) or self.is_disturbed
        return is_doubtful and not self.is_seen and self.earlier_nodes is None

    def sighting(self, *, is_answered: bool) -> tuple[str, Sighting]:
        nodes = max(self.nodes, self.earlier_nodes or 0)
        return self.key, Sighting(nodes, len(self.peers), self.is_seen, is_answered)


def look_up(keys: Collection[str], timeout_s: float) -> Iterator[tuple[str, Sighting]]:
    """Look up all keys (40 hex digits); each with what was seen, as they come to their end.

    What too few nodes said is looked up again. OutageError if libtorrent can't be loaded.
    """
    lookups = Lookups(timeout_s)
    for key in keys:
        lookups.add(key)
    while len(lookups):
        lookups.ask()
        yield from lookups.answers(0.1)


class Lookups:
    """Look-ups under way in this process's session; more may join at any time."""

    def __init__(self, timeout_s: float) -> None:
        self._session = session.session()
        self._session.events(0)  # late answers to earlier questions
        self._timeout_s = timeout_s
        self._waiting: deque[tuple[str, int | None]] = deque()
        self._running: dict[str, _Lookup] = {}
        # By age. Who was not seen while it was fresh goes over to the old ones.
        self._recent: deque[_Lookup] = deque()
        self._older: deque[_Lookup] = deque()
        self._under_way = 0
        self._packets = self._session.packets()
        self._rest_at = time.monotonic() + REST_EVERY_S
        self._counted_at = self._received_at = self._turn_at = time.monotonic()
        self._silent_since: float | None = None

    def __len__(self) -> int:
        return len(self._waiting) + len(self._running)

    @property
    def backlog(self) -> int:
        """How many keys wait for their look-up to start."""
        return len(self._waiting)

    @property
    def is_silent(self) -> bool:
        """Whether nothing at all came since a question of a while ago: the network is gone.

        Without new questions silence means nothing: those left may wait for dead nodes.
        """
        since = self._silent_since
        return since is not None and time.monotonic() - since >= SILENT_AFTER_S

    def add(self, key: str) -> None:
        """Let a key join, unless it is being looked up already."""
        if key not in self._running:
            self._waiting.append((key, None))

    def ask(self) -> None:
        """Start keys that wait, as long as fewer than BUSY_AT_ONCE look-ups are busy."""
        if not self._waiting:
            return
        load = self._session.lookup_load()
        self._under_way = load.under_way
        room = 0 if self._is_resting(load) else min(BUSY_AT_ONCE - load.busy, BURST)
        now = time.monotonic()
        for _ in range(min(room, len(self._waiting))):
            key, earlier_nodes = self._waiting.popleft()
            if key not in self._running:
                self._running[key] = lookup = _Lookup(key, now, earlier_nodes)
                self._recent.append(lookup)
                self._session.look_up(key)
                self._silent_since = self._silent_since or now

    def answers(self, wait_s: float) -> list[tuple[str, Sighting]]:
        """What came to its end, after up to `wait_s` seconds."""
        if time.monotonic() - self._turn_at > LONG_TURN_S:  # we were stopped, and answers lost
            self._disturb(0, time.monotonic())
        time.sleep(min(self._pause_s(), wait_s))
        self._turn_at = time.monotonic()
        # Asked before the answers are read: those of ended look-ups are all among them.
        may_be_over = not self._waiting or time.monotonic() >= self._rest_at
        is_all = may_be_over and not self._session.lookup_load().under_way
        self._read_events()
        return self._take_ended(is_all=is_all)

    def _is_resting(self, load: LookupLoad) -> bool:
        """Now and then all may come to their end: those without an answer then have none, and need
        not wait for the clock. Not where dead nodes hold some back, and never for long."""
        late_s = time.monotonic() - self._rest_at
        is_healthy = 0 < load.under_way == load.busy
        if late_s >= 0 and not (is_healthy and late_s < MAX_REST_S):
            self._rest_at = time.monotonic() + REST_EVERY_S
            return False
        return late_s >= 0

    def _pause_s(self) -> float:
        """Between two looks: one costs as much as there are look-ups under way."""
        return PACE_S * max(1, self._under_way / BUSY_AT_ONCE) if self._waiting else LAST_PACE_S

    def abandon(self) -> list[tuple[str, Sighting]]:
        """Forget everything; what was asked comes to its end as it stands, answered or not."""
        self._waiting.clear()
        ended = [
            lookup.sighting(is_answered=bool(lookup.nodes)) for lookup in self._running.values()
        ]
        self._running.clear()
        self._recent.clear()
        self._older.clear()
        return ended

    def _read_events(self) -> None:
        for event in self._session.events(0):
            if isinstance(event, PeersNamed) and event.peers:
                lookup = self._running.get(event.key)
                if lookup is not None:
                    lookup.nodes += 1
                    lookup.peers.update(event.peers)
        if time.monotonic() - self._counted_at >= COUNT_EVERY_S:
            self._count_packets()

    def _count_packets(self) -> None:
        last, self._counted_at = self._counted_at, time.monotonic()
        packets = self._session.packets()
        if packets != self._packets:
            self._packets, self._received_at = packets, self._counted_at
            self._silent_since = None
        elif self._counted_at - last >= COUNT_EVERY_S:
            self._disturb(last, self._counted_at - COUNT_EVERY_S / 2)

    def _disturb(self, begin: float, end: float) -> None:
        """Mark what was looked up then, to be looked up again: its answers can't have come."""
        for lookup in self._recent:
            if begin <= lookup.at <= end:
                lookup.is_disturbed = True

    def _take_ended(self, *, is_all: bool) -> list[tuple[str, Sighting]]:
        now = time.monotonic()
        ended = []
        while self._recent and (is_all or now - self._recent[0].at >= LATE_ANSWERS_S):
            lookup = self._recent.popleft()
            if is_all or lookup.is_seen:
                ended.append(lookup)
            else:
                self._older.append(lookup)
        while self._older and (is_all or now - self._older[0].at >= self._timeout_s):
            ended.append(self._older.popleft())
        return [verdict for lookup in ended if (verdict := self._end(lookup))]

    def _end(self, lookup: _Lookup) -> tuple[str, Sighting] | None:
        del self._running[lookup.key]
        if lookup.is_in_doubt:
            self._waiting.appendleft((lookup.key, lookup.nodes))
            return None
        if not lookup.nodes and self._received_at <= lookup.at:
            self._count_packets()
        return lookup.sighting(is_answered=bool(lookup.nodes) or self._received_at > lookup.at)
