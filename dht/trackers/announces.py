"""What is said to a tracker and what it answers, whichever protocol carries it (BEP 3, 15, 23)."""

from __future__ import annotations

import ipaddress
import secrets
import socket
import time
from bisect import bisect_right
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ghost.core.errors import OutageError
from ghost.core.io.ip_ranges import OFF_LIMITS
from ghost.core.text.unicode import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Endpoint = tuple[str, int]
NUM_WANT = 80
MAX_PEERS = 200
MAX_COUNT = 1_000_000
MAX_REASON = 200
_PEER_ID_PREFIX = b"-GH0010-"
_FAMILY_OF_BYTES = {4: socket.AF_INET, 16: socket.AF_INET6}
_NEVER = tuple(map(ipaddress.ip_network, ("0.0.0.0/8", "224.0.0.0/3", "::/128", "ff00::/8")))


class TrackerRefusedError(OutageError):
    """The tracker answered, and says no, in its own words."""


class Swarm(NamedTuple):
    """How many a tracker says there are: those with the whole torrent, and those without."""

    seeds: int
    leechers: int


class Event(IntEnum):
    """Why one announces, numbered as in BEP 15."""

    STARTED = 2
    STOPPED = 3


@dataclass(frozen=True)
class Announce:
    """We, as a leecher that listens at `port`, come to the swarm of `key` (40 hex) or leave it."""

    key: str
    port: int
    event: Event
    peer_id: bytes
    secret: int

    @classmethod
    def started(cls, key: str, port: int) -> Announce:
        """The first one. Its peer id is new, so that swarms can't be told to have a common peer."""
        peer_id = _PEER_ID_PREFIX + secrets.token_bytes(20 - len(_PEER_ID_PREFIX))
        return cls(key, port, Event.STARTED, peer_id, secrets.randbits(32))

    def stopped(self) -> Announce:
        """The announce with which we leave the swarm."""
        return replace(self, event=Event.STOPPED)

    @property
    def num_want(self) -> int:
        """How many peers are asked for."""
        return NUM_WANT if self.event is Event.STARTED else 0

    def others(self, peers: tuple[Endpoint, ...], swarm: Swarm) -> tuple[Endpoint, ...]:
        """The peers without us: where only one is counted, the one at our port is ourselves."""
        if sum(swarm) > 1:
            return peers
        return tuple(peer for peer in peers if peer[1] != self.port)


class Tracker(Protocol):
    """One host's trackers over one protocol; `target` is the announce URL where that matters.

    Deadlines are of time.monotonic(). All raise TrackerRefusedError when it says no, another
    OutageError or RefusedError when there was no answer that makes sense.
    """

    in_flight: int
    """How many questions it may be asked at a time."""
    scrapes_in_flight: int
    """How many of them may be scrapes."""
    hashes_at_once: int
    grace_s: float
    """How long the end waits for a `started` under way, so that `stopped` comes behind it."""
    may_list: set[tuple[str, str]]
    """Targets and keys for which it may count us as a peer now."""

    async def announce(
        self, target: str, announce: Announce, deadline: float
    ) -> tuple[Endpoint, ...]:
        """Tell it; the peers that it names. Who was told `started` must be told `stopped`."""

    async def scrape(self, target: str, keys: Sequence[str], deadline: float) -> dict[str, Swarm]:
        """What it knows of up to `hashes_at_once` keys; what it doesn't mention is absent."""


def left_s(deadline: float) -> float:
    """Seconds until then, never negative."""
    return max(deadline - time.monotonic(), 0.0)


def no_answer(asked_s: float) -> OutageError:
    """The tracker was silent for that long."""
    return OutageError(f"No answer within {asked_s:.1f} s.")


def refusal(said: bytes) -> TrackerRefusedError:
    """The tracker's own words, fit to be shown."""
    words = one_line(said[: 4 * MAX_REASON].decode("utf-8", "replace"))[:MAX_REASON].rstrip()
    return TrackerRefusedError(f"The tracker says: {words or 'no'}")


def count(number: int) -> int:
    """A number of peers as somebody claims it, within reason."""
    return min(max(number, 0), MAX_COUNT)


def compact_peers(
    body: bytes, family: socket.AddressFamily, *, anywhere: bool
) -> tuple[Endpoint, ...]:
    """Addresses and ports back to back (BEP 23, BEP 7); OutageError if a part is missing."""
    width = 4 if family == socket.AF_INET else 16
    if len(body) % (width + 2):
        raise OutageError("The tracker's list of peers is cut off.")
    return usable(_pairs(body, width), anywhere=anywhere)


def _pairs(body: bytes, width: int) -> Iterator[tuple[bytes, int]]:
    for at in range(0, len(body), width + 2):
        end = at + width
        yield body[at:end], int.from_bytes(body[end : end + 2], "big")


def usable(peers: Iterable[tuple[bytes, int]], *, anywhere: bool) -> tuple[Endpoint, ...]:
    """Those that can be connected to, each once, at most MAX_PEERS; private ones if `anywhere`."""
    ranges = _UNUSABLE if anywhere else _NOT_PUBLIC
    good = (
        (socket.inet_ntop(_FAMILY_OF_BYTES[len(packed)], packed), port)
        for packed, port in peers
        if 0 < port < 65536 and not ranges[len(packed)].has(packed)
    )
    return tuple(islice(dict.fromkeys(good), MAX_PEERS))


class _Ranges:
    """Blocks of addresses. A tracker names thousands: `is_public` would take 20 µs for each."""

    def __init__(
        self, blocks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network], version: int
    ) -> None:
        chosen = sorted((int(b[0]), int(b[-1])) for b in blocks if b.version == version)
        self._first = [first for first, _ in chosen]
        self._last = [last for _, last in chosen]

    def has(self, packed: bytes) -> bool:
        address = int.from_bytes(packed, "big")
        at = bisect_right(self._first, address) - 1
        return at >= 0 and address <= self._last[at]


_NOT_PUBLIC = {4: _Ranges(OFF_LIMITS, 4), 16: _Ranges(OFF_LIMITS, 6)}
_UNUSABLE = {4: _Ranges(_NEVER, 4), 16: _Ranges(_NEVER, 6)}
