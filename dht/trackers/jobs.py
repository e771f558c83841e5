"""Who is being asked what, in the event loop.

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
from dht.trackers.hosts import Host, Hosts, Place
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
class Asker:
    """Who asked: `tell` hears what comes, `end` that no more will. Called in the loop's thread."""

    tell: Callable[[Event], None]
    end: Callable[[], None]


@dataclass(eq=False)
class _Visit:
    """One announce to one tracker, from the queue to the answer to `stopped`."""

    host: Host
    url: str
    target: str
    announce: Announce
    deadline: float
    asker: Asker
    is_told: bool = False
    is_starting: bool = False
    is_leaving: bool = False
    task: asyncio.Task[None] | None = None

    def finish(self, event: Event | None = None) -> None:
        """The asker hears of it once, or that nothing comes."""
        if not self.is_told:
            self.is_told = True
            if event is not None:
                self.asker.tell(event)
            self.asker.end()

    def give_up(self) -> None:
        """Not if it is told `started` already."""
        if self.task is not None and not (self.is_starting or self.is_leaving):
            self.task.cancel()

    def hurry(self) -> None:
        """Don't wait for the answer to `started`."""
        if self.task is not None and self.is_starting:
            self.task.cancel()


@dataclass(eq=False)
class _Scrape:
    """All questions to one tracker; one failure ends them."""

    host: Host
    url: str
    target: str
    left: deque[Sequence[str]]
    deadline: float
    reason: str = ""


class Jobs:
    """All that is under way; used in the loop's thread alone."""

    def __init__(self, loop: asyncio.AbstractEventLoop, hosts: Hosts) -> None:
        self._loop = loop
        self._hosts = hosts
        self._visits: dict[str, dict[Place, _Visit]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends_at: float | None = None

    def find_peers(
        self, key: str, url: str, where: Place, port: int, deadline: float, asker: Asker
    ) -> None:
        """Announce to one tracker and leave again."""
        visits = self._visits.setdefault(key, {})
        if self._ends_at is not None or where in visits:
            reason = "It is being asked about this already, or told that we left."
            asker.tell(TrackerFailed(url, reason, key))
            asker.end()
            return
        host, announce = self._hosts.at(where), Announce.started(key, port)
        visit = _Visit(host, url, where.target, announce, deadline, asker)
        visits[where] = visit
        visit.task = self._run(self._visit(visit), partial(self._end_visit, visit, where))

    def scrape(
        self, url: str, where: Place, keys: Sequence[str], deadline: float, asker: Asker
    ) -> None:
        """Ask one tracker about all keys, in as many questions as it takes."""
        if self._ends_at is not None:
            asker.end()
            return
        host = self._hosts.at(where)
        step = host.tracker.hashes_at_once
        parts = deque(keys[at : at + step] for at in range(0, len(keys), step))
        scrape = _Scrape(host, url, where.target, parts, deadline)
        self._run(self._scrape(scrape, asker.tell), asker.end)

    def forget(self, key: str) -> None:
        """Nobody waits for the peers of `key` any more."""
        for visit in self._visits.get(key, {}).values():
            visit.finish()
            visit.give_up()

    async def wind_up(self, within_s: float) -> None:
        """Leave every list, within that time; nothing new is begun."""
        self._ends_at = time.monotonic() + within_s
        visits = [visit for of_key in self._visits.values() for visit in of_key.values()]
        for visit in visits:
            visit.give_up()
            self._loop.call_later(visit.host.tracker.grace_s, visit.hurry)
        for task in self._tasks - {visit.task for visit in visits}:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within_s)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self._hosts.close()

    # -- announces

    async def _visit(self, visit: _Visit) -> None:
        try:
            async with visit.host.turn(visit.deadline):
                await self._come_and_go(visit)
        except GhostError as error:  # it was not asked at all
            visit.finish(TrackerFailed(visit.url, str(error), visit.announce.key))

    async def _come_and_go(self, visit: _Visit) -> None:
        visit.is_starting, within_s = True, STOP_UNHEARD_WITHIN_S
        try:
            event = await self._come(visit)
            visit.finish(event)
            if isinstance(event, PeersOfTracker):
                within_s = STOP_WITHIN_S
        except asyncio.CancelledError:  # it's the end: off the list before that
            _go_on()
        finally:
            visit.is_starting, visit.is_leaving = False, True
            await self._go(visit, within_s)

    async def _come(self, visit: _Visit) -> Event:
        tracker, announce = visit.host.tracker, visit.announce
        answer = tracker.announce(visit.target, announce, visit.deadline)
        try:
            peers = await visit.host.ask(answer, visit.deadline)
        except GhostError as error:
            return TrackerFailed(visit.url, str(error), announce.key)
        return PeersOfTracker(announce.key, visit.url, peers)

    async def _go(self, visit: _Visit, within_s: float) -> None:
        tracker, stopped = visit.host.tracker, visit.announce.stopped()
        place = (visit.target, stopped.key)
        if place not in tracker.may_list:
            return
        ends_at = self._ends_at or float("inf")
        try:
            deadline = min(time.monotonic() + within_s, ends_at)
            await tracker.announce(visit.target, stopped, deadline)
        except GhostError as error:
            log.info("Tracker %s did not confirm that we left: %s", visit.host.name, error)
        finally:
            tracker.may_list.discard(place)

    def _end_visit(self, visit: _Visit, where: Place) -> None:
        visit.finish()
        visits = self._visits[visit.announce.key]
        del visits[where]
        if not visits:
            del self._visits[visit.announce.key]

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


def _go_on() -> None:
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()
