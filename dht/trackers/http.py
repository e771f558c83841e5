"""Trackers over HTTP: announce (BEP 3, 7, 23) and scrape (BEP 48)."""

from __future__ import annotations

import asyncio
import socket
import time
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes, urlsplit

from dht import bind_addresses
from dht.trackers import announces
from dht.trackers.announces import Announce, Endpoint, Event, Swarm, left_s
from ghost.core.errors import OutageError, RefusedError
from ghost.core.io import fetch
from resources.torrents import bencode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dht.trackers.threads import Threads

WITHIN_S = 10.0
"""One request: a tracker that needs longer would hold a thread for the others."""
NAMES_LATE_S = 0.3
STOP_WITHIN_S = 5.0
STOP_TRIES = 2
MAX_ANNOUNCE_BYTES = 64 << 10
MAX_SCRAPE_BYTES, MAX_SCRAPE_BYTES_PER_HASH = 4 << 10, 512
MAX_TRACKER_ID_BYTES = 200
_EVENTS = {Event.STARTED: "started", Event.STOPPED: "stopped"}


class HttpTracker:
    """One host and port; see `announces.Tracker`."""

    in_flight = scrapes_in_flight = 2
    hashes_at_once = 50
    """Escaped they fill 3.5 kB: some servers take no more than 4 kB of address."""
    grace_s = 1.5

    def __init__(
        self, threads: Threads, addresses: Mapping[socket.AddressFamily, str], *, anywhere: bool
    ) -> None:
        self.may_list: set[tuple[str, str]] = set()
        self._ids: dict[tuple[str, str], bytes] = {}
        self._threads = threads
        self._can_be_asked = bool(addresses)
        self._source_address = bind_addresses.source_address(addresses)
        self._anywhere = anywhere

    async def announce(
        self, target: str, announce: Announce, deadline: float
    ) -> tuple[Endpoint, ...]:
        """By a GET of the announce address (BEP 3, 7, 23); see `announces.Tracker.announce`."""
        if announce.event is Event.STOPPED:
            await self._stop(target, announce, deadline)
            return ()
        listing = (target, announce.key)
        self.may_list.add(listing)  # an answer may get lost on its way back
        url = _extended(target, _announce_query(announce))
        try:
            answer = await self._ask(url, MAX_ANNOUNCE_BYTES, deadline)
        except announces.TrackerRefusedError:
            self.may_list.discard(listing)
            raise
        tracker_id = answer.get(b"tracker id")
        if isinstance(tracker_id, bytes) and len(tracker_id) <= MAX_TRACKER_ID_BYTES:
            self._ids[listing] = tracker_id
        return announce.others(self._peers(answer), _swarm(answer) or Swarm(1, 1))

    async def _stop(self, target: str, announce: Announce, deadline: float) -> None:
        tracker_id = self._ids.pop((target, announce.key), None)
        given = [f"trackerid={quote_from_bytes(tracker_id, safe='')}"] if tracker_id else []
        url = _extended(target, [*_announce_query(announce), *given])
        for tries_left in reversed(range(STOP_TRIES)):
            until = min(deadline, time.monotonic() + STOP_WITHIN_S)
            try:
                await self._ask(url, MAX_ANNOUNCE_BYTES, until)
            except announces.TrackerRefusedError:
                raise
            except OutageError:
                if not tries_left or left_s(deadline) <= 0:
                    raise
            else:
                return

    async def scrape(self, target: str, keys: Sequence[str], deadline: float) -> dict[str, Swarm]:
        """By a GET of the scrape address (BEP 48); see `announces.Tracker.scrape`."""
        url = _extended(scrape_url(target), [_hash_part(key) for key in keys])
        max_bytes = MAX_SCRAPE_BYTES + MAX_SCRAPE_BYTES_PER_HASH * len(keys)
        files = (await self._ask(url, max_bytes, deadline)).get(b"files")
        if not isinstance(files, dict):
            raise OutageError("The tracker's answer has no counts.")
        swarms = {key: _swarm(files.get(bytes.fromhex(key))) for key in keys}
        return {key: swarm for key, swarm in swarms.items() if swarm is not None}

    async def _ask(self, url: str, max_bytes: int, deadline: float) -> dict[bytes, bencode.Value]:
        if not self._can_be_asked:
            raise OutageError(
                "The tracker can't be asked from the addresses in GHOST_DHT_LISTEN_INTERFACES."
            )
        until = min(deadline, time.monotonic() + WITHIN_S)
        try:
            # A name server may be silent beyond the time that the call itself keeps to.
            async with asyncio.timeout(left_s(until) + NAMES_LATE_S):
                answer = await self._threads.run(
                    partial(_fetch, url, max_bytes, until, self._source_address)
                )
        except TimeoutError:
            raise OutageError("The tracker's name is not found in time.") from None
        if b"failure reason" in answer:
            reason = answer[b"failure reason"]
            raise announces.refusal(reason if isinstance(reason, bytes) else b"")
        return answer

    def _peers(self, answer: dict[bytes, bencode.Value]) -> tuple[Endpoint, ...]:
        given = answer.get(b"peers", b"")
        if isinstance(given, bytes):
            peers = announces.compact_peers(given, socket.AF_INET, anywhere=self._anywhere)
        elif isinstance(given, list):
            peers = announces.usable(_listed(given), anywhere=self._anywhere)
        else:
            raise OutageError("The tracker's list of peers is neither compact nor a list.")
        v6 = answer.get(b"peers6", b"")
        if isinstance(v6, bytes):
            peers += announces.compact_peers(v6, socket.AF_INET6, anywhere=self._anywhere)
        return tuple(dict.fromkeys(peers))[: announces.MAX_PEERS]


def scrape_url(announce_url: str) -> str:
    """BEP 48: `announce` after the last slash of the path becomes `scrape`; RefusedError if none."""
    parts = urlsplit(announce_url)
    folder, slash, name = parts.path.rpartition("/")
    if not slash or not name.startswith("announce"):
        raise RefusedError("The tracker's address has no place for a scrape (BEP 48).")
    path = f"{folder}/scrape{name.removeprefix('announce')}"
    return parts._replace(path=path).geturl()


def _fetch(
    url: str, max_bytes: int, deadline: float, source: str | None
) -> dict[bytes, bencode.Value]:
    """The dictionary at `url`. Runs in a thread, where the time may be over when it begins."""
    timeout_s = left_s(deadline)
    if not timeout_s:
        raise OutageError("Too many other trackers are being asked.")
    fetched = fetch.get(url, max_bytes=max_bytes, timeout_s=timeout_s, source_address=source)
    answer = bencode.decode(fetched.body, max_bytes=max_bytes)
    if not isinstance(answer, dict):
        raise OutageError("The tracker's answer is no dictionary.")
    return answer


def _extended(url: str, parameters: Sequence[str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{'&'.join(parameters)}"


def _hash_part(key: str) -> str:
    return f"info_hash={quote_from_bytes(bytes.fromhex(key), safe='')}"


def _announce_query(announce: Announce) -> list[str]:
    # Never as who has it all (left=0): others would come for what isn't here.
    return [
        _hash_part(announce.key),
        f"peer_id={quote_from_bytes(announce.peer_id, safe='')}",
        f"port={announce.port}",
        "uploaded=0&downloaded=0&left=1&compact=1",
        f"event={_EVENTS[announce.event]}",
        f"numwant={announce.num_want}",
        f"key={announce.secret:08x}",
    ]


def _listed(peers: list[bencode.Value]) -> Iterator[tuple[bytes, int]]:
    """BEP 3's list of dictionaries; peers given by name are left out."""
    for peer in peers:
        if not isinstance(peer, dict):
            continue
        ip, port = peer.get(b"ip"), peer.get(b"port")
        packed = _packed(ip) if isinstance(ip, bytes) else None
        if packed is not None and isinstance(port, int):
            yield packed, port


def _packed(ip: bytes) -> bytes | None:
    family = socket.AF_INET6 if b":" in ip else socket.AF_INET
    try:
        return socket.inet_pton(family, ip.decode("ascii"))
    except (OSError, ValueError):
        return None


def _swarm(counts: bencode.Value | None) -> Swarm | None:
    """Its numbers of peers, if it has them."""
    if not isinstance(counts, dict):
        return None
    seeds, leechers = counts.get(b"complete"), counts.get(b"incomplete")
    if not isinstance(seeds, int) or not isinstance(leechers, int):
        return None
    return Swarm(announces.count(seeds), announces.count(leechers))
