"""This process's trackers: plain values in, plain values out, and we stay in nobody's list.

One background thread per process with an event loop, made when it is first asked for and never
before a fork. A tracker that is asked for peers has to be told that we come (BEP 3, 15): it is
told at once that we left, also when the process ends or nobody waits for the peers any more.
Counting (scrape) tells it nothing.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
import time
from collections import deque
from contextlib import suppress
from functools import partial
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING

from django.conf import settings

from dht.trackers.announces import Endpoint, Swarm
from dht.trackers.circuits import SharedCircuits
from dht.trackers.hosts import Hosts, TrackerAddress, parse_address
from dht.trackers.queries import Event, PeersOfTracker, Queries, Receiver, Scraped, TrackerFailed
from ghost.core.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from ghost.core.config.env import Env

__all__ = [
    "Endpoint",
    "Event",
    "PeersOfTracker",
    "Receiver",
    "Scraped",
    "Swarm",
    "TrackerFailed",
    "Trackers",
    "close",
    "scrape",
    "sync_circuits",
    "trackers",
]  # fmt: skip

CLOSE_WITHIN_S = 3.0
MAX_PENDING = 20_000
MAX_URLS = 20
MAX_EVENTS = 100_000


class Trackers:
    """This process's trackers. Use `trackers()`; one thread at a time."""

    def __init__(self, env: Env) -> None:
        self.pid = os.getpid()
        self._events: deque[Event] = deque(maxlen=MAX_EVENTS)
        self._num_asked = 0  # counted by who asks
        self._num_ended = 0  # counted by the loop's thread
        self._receiver = Receiver(self._events.append, self._end)
        self._loop = asyncio.new_event_loop()
        self.circuits = SharedCircuits()
        self._hosts = Hosts(env, self._loop, self.circuits)
        self._queries = Queries(self._loop, self._hosts)
        self._thread = threading.Thread(target=self._run, name="trackers", daemon=True)
        self._thread.start()

    def find_peers(self, key: str, urls: Sequence[str], port: int, timeout_s: float) -> None:
        """Ask these trackers (the first MAX_URLS) who has `key` (40 hex digits).

        Each one's answer comes as PeersOfTracker or TrackerFailed, within `timeout_s` seconds.
        We appear as a leecher that listens at `port`, and are gone as soon as it has answered.
        Nothing comes of ws trackers, nor of a second address of the same tracker.
        """
        deadline = time.monotonic() + timeout_s
        addresses: set[TrackerAddress] = set()
        for url in list(dict.fromkeys(urls))[:MAX_URLS]:
            address = _address_or_none(url, key, self._receiver)
            if address is None or address in addresses:
                continue
            addresses.add(address)
            if self.num_pending >= MAX_PENDING:
                self._receiver.receive(
                    TrackerFailed(url, "Too many trackers are being asked.", key)
                )
                continue
            self._num_asked += 1
            self._call_in_loop(
                self._queries.find_peers, key, url, address, port, deadline, self._receiver
            )

    def scrape(self, wanted: Mapping[str, Collection[str]], timeout_s: float) -> None:
        """Ask each tracker (by its announce URL) how many peers it counts for its keys.

        Answers come as Scraped, several of a tracker if there are many keys, and what ends it
        early as one TrackerFailed. A hash that a tracker doesn't know is (0, 0) or absent there:
        over HTTP many leave it out.
        """
        self._num_asked += self.scrape_for(self._receiver, wanted, timeout_s)

    def scrape_for(
        self, receiver: Receiver, wanted: Mapping[str, Collection[str]], timeout_s: float
    ) -> int:
        """As `scrape`, but for `receiver`; how many times its `end` will be called."""
        deadline = time.monotonic() + timeout_s
        addresses = {
            url: _address_or_none(url, "", receiver) for url, keys in wanted.items() if keys
        }
        asked = [(url, address) for url, address in addresses.items() if address is not None]
        for url, address in asked:
            keys = list(dict.fromkeys(wanted[url]))
            self._call_in_loop(self._queries.scrape, url, address, keys, deadline, receiver)
        return len(asked)

    def forget(self, key: str) -> None:
        """Nobody waits for the peers of `key` any more. Who was told of us is told that we left.

        What had come before is still among the events.
        """
        self._call_in_loop(self._queries.forget, key)

    def events(self) -> list[Event]:
        """What happened since the last call; doesn't wait."""
        events = []
        while self._events:
            events.append(self._events.popleft())
        return events

    @property
    def num_pending(self) -> int:
        """How many answers are still to come; those that came are among the events. Ask before
        `events()`, to miss none."""
        return self._num_asked - self._num_ended

    @property
    def num_listed(self) -> int:
        """In how many lists of trackers we may be right now."""
        return self._hosts.may_list()

    def close(self) -> None:
        """Leave every list and end the thread; waits up to CLOSE_WITHIN_S seconds."""
        ending = asyncio.run_coroutine_threadsafe(self._queries.close(CLOSE_WITHIN_S), self._loop)
        with suppress(TimeoutError):
            ending.result(CLOSE_WITHIN_S + 1)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(1)

    def _call_in_loop(self, call: Callable[..., None], *values: object) -> None:
        self._loop.call_soon_threadsafe(call, *values)

    def _end(self) -> None:
        self._num_ended += 1

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()


def _address_or_none(url: str, key: str, receiver: Receiver) -> TrackerAddress | None:
    """Where it leads, or None if it can't be asked, and why that is."""
    try:
        return parse_address(url)
    except RefusedError as error:
        receiver.receive(TrackerFailed(url, str(error), key))
        return None


def scrape(
    wanted: Mapping[str, Collection[str]], timeout_s: float
) -> Iterator[Scraped | TrackerFailed]:
    """As `Trackers.scrape`, waiting: what the trackers answer, as it comes, to the end.

    Other questions of this process may be under way; their answers stay where they belong.
    """
    received: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
    receiver = Receiver(received.put, partial(received.put, None))
    num_left = trackers().scrape_for(receiver, wanted, timeout_s)
    while num_left or not received.empty():
        event = received.get()
        if event is None:
            num_left -= 1
        elif not isinstance(event, PeersOfTracker):
            yield event


_trackers: Trackers | None = None
_inherited: list[Trackers] = []


def trackers() -> Trackers:
    """This process's trackers, made now if there are none."""
    global _trackers
    if _trackers is not None and _trackers.pid != os.getpid():
        # Its thread stayed in the parent, and so did the right to use its sockets.
        _inherited.append(_trackers)
        _trackers = None
    if _trackers is None:
        _trackers = Trackers(settings.GHOST)
        # Children of multiprocessing, such as the queue's workers, skip atexit.
        Finalize(None, close, exitpriority=10)
    return _trackers


def sync_circuits(*, is_last: bool = False) -> None:
    """`SharedCircuits.sync` for this process, which asks trackers or is about to."""
    trackers().circuits.sync(is_last=is_last)


def close() -> None:
    """Leave every list and end this process's thread, if it has one.

    Called when the process ends, too; but a command does well to call it at its own end, since
    Python 3.12 can't ask trackers over HTTP after the main thread's.
    """
    global _trackers
    if _trackers is not None and _trackers.pid == os.getpid():
        ending, _trackers = _trackers, None
        ending.close()
