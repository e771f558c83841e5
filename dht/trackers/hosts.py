"""Hosts of trackers: turns at each, and a rest for those that fail."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import urlsplit

from dht import bind_addresses
from dht.trackers.announces import TrackerRefusedError, left_s
from dht.trackers.circuits import SharedCircuits
from dht.trackers.datagrams import Sockets
from dht.trackers.http import HttpTracker
from dht.trackers.threads import Threads
from dht.trackers.udp import UdpTracker
from ghost.core.errors import GhostError, OutageError, RefusedError
from ghost.core.text.reasons import NONE, Reason

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from dht.trackers.announces import Tracker
    from ghost.core.config.env import Env

log = logging.getLogger(__name__)

MAX_HOSTS = 2000
MAX_FAILURES, REST_S = 3, 600.0
FAIR_S = 2.0
"""A tracker that had less time than that has not failed."""
HTTP_THREADS, NAME_THREADS = 32, 16
_DEFAULT_PORTS = {"http": 80, "https": 443}
_T = TypeVar("_T")


class TrackerAddress(NamedTuple):
    """Where a tracker is: its host, and over HTTP the announce URL."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def circuit(self) -> str:
        """The name of its circuit."""
        return f"{self.scheme}://{self.host}:{self.port}"


def parse_address(url: str) -> TrackerAddress | None:
    """Where `url` leads; None for a scheme that isn't asked (ws). RefusedError if it is no URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        raise RefusedError("The tracker's address is no URL.") from None
    if parts.scheme not in {"udp", *_DEFAULT_PORTS}:
        return None
    if not host or not port:
        raise RefusedError("The tracker's address names no host and port.")
    target = "" if parts.scheme == "udp" else url.partition("#")[0]
    return TrackerAddress(parts.scheme, host, port, target)


@dataclass(eq=False)
class Host:
    """One host's tracker: a few questions at a time, none while it rests."""

    name: str
    """Of its circuit."""
    tracker: Tracker
    shared: SharedCircuits = field(default_factory=SharedCircuits)
    num_inside: int = 0
    """Queries under way or waiting for their turn."""
    _failures: int = 0
    _failed_at: float = 0.0
    _rests_until: float = 0.0
    _reason: Reason = NONE
    _slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.tracker.in_flight)

    @asynccontextmanager
    async def turn(self, deadline: float) -> AsyncIterator[None]:
        """Leave to ask; OutageError if it rests or doesn't come to it in time."""
        self.num_inside += 1
        try:
            self._require_awake()
            await self._acquire(deadline)
            try:
                self._require_awake()  # it may have failed meanwhile
                yield
            finally:
                self._slots.release()
        finally:
            self.num_inside -= 1

    async def ask(self, question: Awaitable[_T], deadline: float) -> _T:
        """What it answers; its failures are counted. Errors: see `announces.Tracker`."""
        began = time.monotonic()
        try:
            answer = await question
        except TrackerRefusedError:  # it is alive
            self._succeed()
            raise
        except GhostError as error:
            if deadline - began >= FAIR_S:
                self._fail(began, error.reason)
            raise
        self._succeed()
        return answer

    async def _acquire(self, deadline: float) -> None:
        try:
            async with asyncio.timeout(left_s(deadline)):
                await self._slots.acquire()
        except TimeoutError:
            raise OutageError("It has too many other questions to answer.") from None

    def _require_awake(self) -> None:
        """Our own rest counts until the database has heard of it; then its word, which is that of all."""
        if refusal := self.shared.refusal(self.name):
            raise OutageError(refusal)
        left = (self._rests_until - time.monotonic()) / 60
        if left > 0 and not self.shared.knows_since(self._failed_at):
            raise OutageError(
                f"It failed {self._failures} times in a row and is left alone"
                f" for {left:.0f} minutes more: {self._reason}"
            )

    def _succeed(self) -> None:
        self._failures = 0
        self.shared.succeeded(self.name)

    def _fail(self, began: float, reason: Reason) -> None:
        if began < self._failed_at:  # the same bad moment as another question's
            return
        self._failures += 1
        self.shared.failed(self.name, reason)
        self._failed_at, self._reason = time.monotonic(), reason
        if self._failures >= MAX_FAILURES:
            self._rests_until = self._failed_at + REST_S
            log.info("Tracker %s is left alone for %d s: %s", self.name, REST_S, reason)


class Hosts:
    """All hosts that were asked, the oldest forgotten when there are too many."""

    def __init__(self, env: Env, loop: asyncio.AbstractEventLoop, shared: SharedCircuits) -> None:
        self._shared = shared
        self._anywhere = env.allow_private_networks
        self._sources = bind_addresses.by_family(env)
        self._sockets = Sockets(loop, self._sources)
        self._names, self._threads = Threads(NAME_THREADS), Threads(HTTP_THREADS)
        self._known: dict[tuple[str, str, int], Host] = {}

    def at(self, address: TrackerAddress) -> Host:
        """The host at that address, kept with its failures for the next query."""
        key = address[:3]
        if key not in self._known:
            self._make_room()
            self._known[key] = Host(address.circuit, self._tracker(address), self._shared)
        return self._known[key]

    def may_list(self) -> int:
        """How many lists of trackers we may be in now."""
        return sum(len(host.tracker.may_list) for host in list(self._known.values()))

    def close(self) -> None:
        """Close the UDP sockets: nothing more is sent."""
        self._sockets.close()

    def _tracker(self, address: TrackerAddress) -> Tracker:
        if address.scheme == "udp":
            return UdpTracker(
                self._sockets, self._names, address.host, address.port, anywhere=self._anywhere
            )
        return HttpTracker(self._threads, self._sources, anywhere=self._anywhere)

    def _make_room(self) -> None:
        if len(self._known) < MAX_HOSTS:
            return
        idle = next((key for key, host in self._known.items() if not host.num_inside), None)
        if idle is not None:
            del self._known[idle]
