"""Signs of life of many resources at once: the DHT, their trackers, and at last their web seeds.

All three are asked side by side and polled by one thread; nobody waits for the slowest.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.conf import settings

from dht import bind_addresses
from dht.engine import lookups, web_seeds
from dht.health.verdict import Evidence, ScannedResource
from dht.trackers import client
from resources.torrents import magnets, metadata

if TYPE_CHECKING:
    from dht.trackers.announces import Swarm


log = logging.getLogger(__name__)

LATE_SERVERS = 5
"""In time-outs of a look-up: web seeds are asked in turns, and a name server may hang."""
MAX_WEB_SEEDS, WEB_SEEDS_AT_ONCE = 200, 5
"""Torrents whose web seeds are waited for, and those that are begun in one turn."""
GRACE_S = 5.0
"""Trackers that never come to an end, though their time is over, are not waited for."""


@dataclass(eq=False)
class Case:
    """A resource under way: the keys that the DHT is still asked for, and what was found so far."""

    resource: ScannedResource
    evidence: Evidence = field(default_factory=Evidence)
    keys: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.keys = self.resource.keys


class EvidenceCollector:
    """Cases under way in this process; more may join at any time."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._lookups = lookups.Lookups(timeout_s)
        self._by_key: dict[str, list[tuple[Case, _TrackerCounts]]] = {}
        self._counted: list[_TrackerCounts] = []
        addresses = bind_addresses.by_family(settings.GHOST)
        self._may_ask_web_seeds = bool(addresses)  # a device's name tells no address to ask from
        self._web_seeds = web_seeds.Checks(timeout_s, bind_addresses.source_address(addresses))
        self._web_seed_candidates: deque[Case] = deque()
        self._checking_web_seeds: dict[str, tuple[Case, float]] = {}

    def __len__(self) -> int:
        waiting = (
            len(self._counted) + len(self._web_seed_candidates) + len(self._checking_web_seeds)
        )
        return len(self._lookups) + waiting

    @property
    def backlog(self) -> int:
        """How many look-ups wait to be started."""
        return self._lookups.backlog

    @property
    def is_silent(self) -> bool:
        """Whether the DHT stopped answering (`Lookups.is_silent`)."""
        return self._lookups.is_silent

    @property
    def is_crowded(self) -> bool:
        """Whether as many web seeds are waited for as may be."""
        return len(self._checking_web_seeds) + len(self._web_seed_candidates) >= MAX_WEB_SEEDS

    def add(self, cases: Collection[Case]) -> None:
        """Let these join; what one tracker has to count of them is asked for together."""
        counts = _TrackerCounts(cases, self._timeout_s)
        self._counted.append(counts)
        for case in cases:
            for key in case.keys:
                self._by_key.setdefault(key, []).append((case, counts))
                self._lookups.add(key)

    def ask(self) -> None:
        """Start look-ups that wait (`Lookups.ask`)."""
        self._lookups.ask()

    def settled(self, wait_s: float) -> list[Case]:
        """The cases of which all is known, after up to `wait_s` seconds."""
        for key, sighting in self._lookups.answers(wait_s):
            self._note(key, sighting)
        return [*self._counted_cases(), *self._checked_cases()]

    def silenced(self) -> list[Case]:
        """The cases that the DHT was asked for in vain, as they stand; the others are left."""
        silenced = []
        for key, sighting in self._lookups.abandon():
            for case, counts in self._by_key.pop(key, ()):
                case.evidence.add_sighting(sighting)
                counts.add_to(case)
                case.keys.discard(key)
                silenced += [] if case.keys else [case]
        return silenced

    def close(self) -> None:
        """Stop all look-ups and checks of web seeds; no further case is settled."""
        self._lookups.abandon()
        self._web_seeds.abandon()

    def _note(self, key: str, sighting: lookups.Sighting) -> None:
        for case, counts in self._by_key.pop(key, ()):
            case.evidence.add_sighting(sighting)
            case.keys.discard(key)
            if not case.keys:
                counts.waiting.append(case)

    def _counted_cases(self) -> Iterable[Case]:
        """Those whose trackers have answered too, but for those with a web seed to try."""
        for counts in self._counted:
            for case in counts.add_up() if counts.is_over else ():
                if self._may_have_web_seeds(case):
                    self._web_seed_candidates.append(case)
                else:
                    yield case
        self._counted = [counts for counts in self._counted if not counts.is_done]
        # A few at a time: to read large metadata takes long, and the lease has to be renewed.
        for _ in range(min(WEB_SEEDS_AT_ONCE, len(self._web_seed_candidates))):
            case = self._web_seed_candidates.popleft()
            if not self._try_web_seeds(case):
                yield case

    def _may_have_web_seeds(self, case: Case) -> bool:
        """Whether it has web seeds that may be its only sign of life. They are of use to whoever
        has its metadata, which the public site can give only if we have it."""
        is_last_hope = case.resource.probed_at and not case.evidence.has_peers
        return bool(is_last_hope and "&ws=" in case.resource.magnet_uri and self._may_ask_web_seeds)

    def _try_web_seeds(self, case: Case) -> bool:
        known = metadata.load(case.resource.magnet_hash)
        if known is None:
            return False
        latest = time.monotonic() + LATE_SERVERS * self._timeout_s
        self._checking_web_seeds[case.resource.magnet_hash] = (case, latest)
        self._web_seeds.add(
            case.resource.magnet_hash, known, magnets.parse(case.resource.magnet_uri).web_seeds
        )
        return True

    def _checked_cases(self) -> Iterable[Case]:
        for magnet_hash, check in self._web_seeds.step(0):
            if magnet_hash in self._checking_web_seeds:
                case, _ = self._checking_web_seeds.pop(magnet_hash)
                case.evidence.web_seed = check.is_alive if check.is_known else None
                yield case
        now = time.monotonic()
        for magnet_hash in [
            h for h, (_, latest) in self._checking_web_seeds.items() if now >= latest
        ]:
            case, _ = self._checking_web_seeds.pop(magnet_hash)
            case.evidence.web_seed = None
            yield case


class _TrackerCounts:
    """What trackers count of some cases, and those of them that wait for nothing else."""

    def __init__(self, cases: Collection[Case], timeout_s: float) -> None:
        self.waiting: list[Case] = []
        self._left = len(cases)
        self._swarms: dict[str, list[Swarm]] = {}
        self._latest = time.monotonic() + timeout_s + GRACE_S
        self._num_ended = 0  # counted by the trackers' thread
        receiver = client.Receiver(self._receive, self._end)
        wanted = _by_tracker(cases)
        self._num_queries = (
            client.trackers().scrape_for(receiver, wanted, timeout_s) if wanted else 0
        )

    @property
    def is_over(self) -> bool:
        """Whether no tracker will say any more."""
        return self._num_ended >= self._num_queries or time.monotonic() >= self._latest

    @property
    def is_done(self) -> bool:
        """Whether all cases were handed out."""
        return not self._left

    def add_up(self) -> list[Case]:
        """Those that were waiting, with what the trackers count."""
        settled, self.waiting = self.waiting, []
        self._left -= len(settled)
        for case in settled:
            self.add_to(case)
        return settled

    def add_to(self, case: Case) -> None:
        """What they count, as far as they told."""
        for key in case.resource.keys:
            for swarm in self._swarms.get(key, ()):
                case.evidence.add_swarm(swarm)

    def _receive(self, event: client.Event) -> None:
        if isinstance(event, client.Scraped):
            for key, swarm in event.swarms.items():
                self._swarms.setdefault(key, []).append(swarm)
        elif isinstance(event, client.TrackerFailed):
            log.info("The tracker %s was asked for counts: %s", event.url, event.reason)

    def _end(self) -> None:
        self._num_ended += 1


def _by_tracker(cases: Iterable[Case]) -> dict[str, list[str]]:
    keys_by_url: dict[str, list[str]] = {}
    for case in cases:
        if "&tr=" in case.resource.magnet_uri:
            for url in magnets.parse(case.resource.magnet_uri).trackers:
                keys_by_url.setdefault(url, []).extend(case.resource.keys)
    return keys_by_url
