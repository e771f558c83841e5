"""Queries to trackers that are under way, in the event loop.

Whoever is told `started` is told `stopped` in the same turn, whatever happened in between.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from dht.trackers.announces import Announce, Endpoint, Swarm
from dht.trackers.hosts import Host, Hosts, TrackerAddress
from ghost.core.batches import batched
from ghost.core.errors import GhostError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

log = logging.getLogger(__name__)

STOP_WITHIN_S, STOP_UNHEARD_WITHIN_S = 10.0, 5.0
"""How long `stopped` is repeated to a tracker that answered, and to one that didn't."""


@dataclass(frozen=True)
class PeersOfTracker:
    """A tracker answered an announce for `key` (40 hex) with these peers, maybe none."""

    key: str
    url: str
    peers: tuple[Endpoint, ...]


@dataclass(frozen=True)
class Scraped:
    """What a tracker counts for some of the keys; one that it doesn't mention is absent."""

    url: str
    swarms: Mapping[str, Swarm]


@dataclass(frozen=True)
class TrackerFailed:
    """Why a tracker gave no (further) answer; `key` is empty if it was a scrape."""

    url: str
    reason: str
    key: str = ""


Event = PeersOfTracker | Scraped | TrackerFailed


@dataclass(frozen=True)
class Receiver:
    """Who asked: `receive` gets what comes, `end` that no more will. Called in the loop's thread."""

    receive: Callable[[Event], None]
    end: Callable[[], None]


@dataclass(eq=False)
class _Announcement:
    """One announce to one tracker, from the queue to the answer to `stopped`."""

    host: Host
    url: str
    target: str
    announce: Announce
    deadline: float
    receiver: Receiver
    is_told: bool = False
    is_starting: bool = False
    is_leaving: bool = False
    task: asyncio.Task[None] | None = None

    def finish(self, event: Event | None = None) -> None:
        """The receiver hears of it once, or that nothing comes."""
        if not self.is_told:
            self.is_told = True
            if event is not None:
                self.receiver.receive(event)
            self.receiver.end()

    def give_up(self) -> None:
        """Not if it is told `started` already."""
        if self.task is not None and not (self.is_starting or self.is_leaving):
            self.task.cancel()

    def stop_waiting(self) -> None:
        """Don't wait for the answer to `started`."""
        if self.task is not None and self.is_starting:
            self.task.cancel()


@dataclass(eq=False)
class _Scrape:
    """All questions to one tracker; one failure ends them."""

    host: Host
    url: str
    target: str
    left: deque[list[str]]
    deadline: float
    reason: str = ""


class Queries:
    """All that is under way; used in the loop's thread alone."""

    def __init__(self, loop: asyncio.AbstractEventLoop, hosts: Hosts) -> None:
        self._loop = loop
        self._hosts = hosts
        self._announcements: dict[str, dict[TrackerAddress, _Announcement]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends_at: float | None = None

    def find_peers(
        self,
        key: str,
        url: str,
        address: TrackerAddress,
        port: int,
        deadline: float,
        receiver: Receiver,
    ) -> None:
        """Announce `started` to one tracker, and `stopped` after its answer."""
        announcements = self._announcements.setdefault(key, {})
        if self._ends_at is not None or address in announcements:
            reason = "It is being asked about this already, or told that we left."
            receiver.receive(TrackerFailed(url, reason, key))
            receiver.end()
            return
        host, announce = self._hosts.at(address), Announce.started(key, port)
        announcement = _Announcement(host, url, address.target, announce, deadline, receiver)
        announcements[address] = announcement
        announcement.task = self._run(
            self._announce(announcement), partial(self._end_announcement, announcement, address)
        )

    def scrape(
        self,
        url: str,
        address: TrackerAddress,
        keys: Sequence[str],
        deadline: float,
        receiver: Receiver,
    ) -> None:
        """Ask one tracker about all keys, in as many questions as it takes."""
        if self._ends_at is not None:
            receiver.end()
            return
        host = self._hosts.at(address)
        step = host.tracker.hashes_at_once
        parts = deque(batched(keys, step))
        scrape = _Scrape(host, url, address.target, parts, deadline)
        self._run(self._scrape(scrape, receiver.receive), receiver.end)

    def forget(self, key: str) -> None:
        """Nobody waits for the peers of `key` any more."""
        for announcement in self._announcements.get(key, {}).values():
            announcement.finish()
            announcement.give_up()

    async def close(self, within_s: float) -> None:
        """Leave every list, within that time; nothing new is begun."""
        self._ends_at = time.monotonic() + within_s
        announcements = [
            announcement
            for of_key in self._announcements.values()
            for announcement in of_key.values()
        ]
        for announcement in announcements:
            announcement.give_up()
            self._loop.call_later(announcement.host.tracker.grace_s, announcement.stop_waiting)
        for task in self._tasks - {announcement.task for announcement in announcements}:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within_s)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self._hosts.close()

    # -- announces

    async def _announce(self, announcement: _Announcement) -> None:
        try:
            async with announcement.host.turn(announcement.deadline):
                await self._announce_and_leave(announcement)
        except GhostError as error:  # it was not asked at all
            announcement.finish(
                TrackerFailed(announcement.url, str(error), announcement.announce.key)
            )

    async def _announce_and_leave(self, announcement: _Announcement) -> None:
        announcement.is_starting, within_s = True, STOP_UNHEARD_WITHIN_S
        try:
            event = await self._announce_started(announcement)
            announcement.finish(event)
            if isinstance(event, PeersOfTracker):
                within_s = STOP_WITHIN_S
        except asyncio.CancelledError:  # it's the end: off the list before that
            _uncancel()
        finally:
            announcement.is_starting, announcement.is_leaving = False, True
            await self._announce_stopped(announcement, within_s)

    async def _announce_started(self, announcement: _Announcement) -> Event:
        tracker, announce = announcement.host.tracker, announcement.announce
        answer = tracker.announce(announcement.target, announce, announcement.deadline)
        try:
            peers = await announcement.host.ask(answer, announcement.deadline)
        except GhostError as error:
            return TrackerFailed(announcement.url, str(error), announce.key)
        return PeersOfTracker(announce.key, announcement.url, peers)

    async def _announce_stopped(self, announcement: _Announcement, within_s: float) -> None:
        tracker, stopped = announcement.host.tracker, announcement.announce.stopped()
        listing = (announcement.target, stopped.key)
        if listing not in tracker.may_list:
            return
        ends_at = self._ends_at or float("inf")
        try:
            deadline = min(time.monotonic() + within_s, ends_at)
            await tracker.announce(announcement.target, stopped, deadline)
        except GhostError as error:
            log.info("Tracker %s did not confirm that we left: %s", announcement.host.name, error)
        finally:
            tracker.may_list.discard(listing)

    def _end_announcement(self, announcement: _Announcement, address: TrackerAddress) -> None:
        announcement.finish()
        announcements = self._announcements[announcement.announce.key]
        del announcements[address]
        if not announcements:
            del self._announcements[announcement.announce.key]

    # -- scrapes

    async def _scrape(self, scrape: _Scrape, tell: Callable[[Event], None]) -> None:
        number = min(scrape.host.tracker.scrapes_in_flight, len(scrape.left))
        await asyncio.gather(*(self._scrape_parts(scrape, tell) for _ in range(number)))
        if scrape.reason:
            tell(TrackerFailed(scrape.url, scrape.reason))

    async def _scrape_parts(self, scrape: _Scrape, tell: Callable[[Event], None]) -> None:
        host, deadline = scrape.host, scrape.deadline
        while scrape.left and not scrape.reason:
            keys = scrape.left.popleft()
            try:
                async with host.turn(deadline):
                    answer = host.tracker.scrape(scrape.target, keys, deadline)
                    tell(Scraped(scrape.url, await host.ask(answer, deadline)))
            except GhostError as error:
                scrape.reason = scrape.reason or str(error)

    # -- tasks

    def _run(
        self, work: Coroutine[None, None, None], end: Callable[[], None]
    ) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, end))
        return task

    def _ended(self, end: Callable[[], None], task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        end()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("A tracker's answer could not be dealt with.", exc_info=error)


def _uncancel() -> None:
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()
