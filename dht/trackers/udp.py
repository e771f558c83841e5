"""Trackers over UDP (BEP 15): a connection for a minute, then announces and scrapes in bulk."""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice, zip_longest

from dht.trackers import announces
from dht.trackers.announces import Announce, Endpoint, Swarm, left_s
from dht.trackers.datagrams import ERROR, Answer, Sockets
from dht.trackers.threads import Threads
from ghost.core.errors import OutageError, RefusedError
from ghost.core.io.ip_ranges import is_public

CONNECTION_S = 60.0
"""BEP 15: how long a connection id may be used by the client."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 8.0
"""Between a datagram and its repetition. BEP 15's 15 s, doubled, outlast any caller's patience."""
MAX_ADDRESSES = 4
MAX_TRIES = 4
"""Of one question, over 7.5 s, once we are connected."""
_PROTOCOL_ID = 0x41727101980
_CONNECT, _ANNOUNCE, _SCRAPE = range(3)
_HEAD = struct.Struct(">II")
_REQUEST = struct.Struct(">QII")
_CONNECTED = struct.Struct(">IIQ")
_ANNOUNCE_BODY = struct.Struct(">20s20sQQQIIIiH")
_ANNOUNCED = struct.Struct(">IIiii")
_SCRAPED = struct.Struct(">iii")
_SHORTEST = {_ANNOUNCE: _ANNOUNCED.size, _SCRAPE: _HEAD.size + _SCRAPED.size}


@dataclass(frozen=True)
class _Connection:
    address: Endpoint
    id: int
    made_at: float

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self.made_at < CONNECTION_S


class UdpTracker:
    """One host and port; see `announces.Tracker`."""

    in_flight = 50
    scrapes_in_flight = 8
    hashes_at_once = 70
    """More would not fit into one datagram on every path (BEP 15 says about 74)."""
    grace_s = 0.0  # a datagram that is sent is on its way before the next

    def __init__(
        self, sockets: Sockets, names: Threads, host: str, port: int, *, anywhere: bool
    ) -> None:
        self.may_list: set[tuple[str, str]] = set()
        self._sockets = sockets
        self._names = names
        self._host, self._port = host, port
        self._anywhere = anywhere
        self._connection: _Connection | None = None
        self._connecting: asyncio.Task[_Connection] | None = None

    async def announce(
        self, target: str, announce: Announce, deadline: float
    ) -> tuple[Endpoint, ...]:
        """By a datagram (BEP 15); see `announces.Tracker.announce`."""
        body = _announce_body(announce)
        mark = partial(self.may_list.add, (target, announce.key))
        answer = await self._ask(_ANNOUNCE, body, deadline, mark)
        _, _, _, leechers, seeds = _ANNOUNCED.unpack_from(answer.body)
        family = socket.AF_INET6 if ":" in answer.sender[0] else socket.AF_INET
        named = answer.body[_ANNOUNCED.size :]
        peers = announces.compact_peers(named, family, anywhere=self._anywhere)
        swarm = Swarm(announces.count(seeds), announces.count(leechers))
        return announce.others(peers, swarm)

    async def scrape(self, target: str, keys: Sequence[str], deadline: float) -> dict[str, Swarm]:
        """See `announces.Tracker`. Some answer for the first 50 only: the rest is asked again."""
        swarms: dict[str, Swarm] = {}
        while len(swarms) < len(keys):
            left = keys[len(swarms) :]
            answer = await self._ask(_SCRAPE, bytes.fromhex("".join(left)), deadline)
            whole = (len(answer.body) - _HEAD.size) // _SCRAPED.size * _SCRAPED.size
            counts = _SCRAPED.iter_unpack(answer.body[_HEAD.size : _HEAD.size + whole])
            for key, (seeds, _, leechers) in zip(left, counts, strict=False):
                swarms[key] = Swarm(announces.count(seeds), announces.count(leechers))
        return swarms

    # -- one question

    async def _ask(
        self, action: int, body: bytes, deadline: float, mark: Callable[[], object] | None = None
    ) -> Answer:
        """Asked again with growing pauses, until the deadline; `mark` is called before it's sent."""
        began, number = time.monotonic(), secrets.randbits(32)
        for tries, pause_s in enumerate(islice(_pauses(deadline), MAX_TRIES)):
            if tries == 2:  # it may have forgotten us: some are silent then
                self._forget_connection(older_than=began)
            connection = await self._connected(deadline)
            if mark:
                mark()
            packet = _REQUEST.pack(connection.id, action, number) + body
            wait_s = min(pause_s, left_s(deadline))
            answer = await self._sockets.ask(
                packet, [connection.address], _SHORTEST[action], wait_s
            )
            if answer is None:
                continue
            if answer.action != ERROR:
                return answer
            if b"connection id" not in answer.body.lower() or connection.made_at >= began:
                raise announces.refusal(answer.body[_HEAD.size :])
            self._forget_connection(older_than=began)
        if self._connection is not None and self._connection.made_at >= began:
            # Some that are closed to a torrent say nothing: no reason to leave them alone.
            raise announces.TrackerRefusedError("The tracker is there, but does not answer this.")
        raise announces.no_answer(time.monotonic() - began)

    # -- the connection

    def _forget_connection(self, older_than: float) -> None:
        if self._connection is not None and self._connection.made_at < older_than:
            self._connection = None

    async def _connected(self, deadline: float) -> _Connection:
        """The connection, asked for once for all who wait."""
        began = time.monotonic()
        while self._connection is None or not self._connection.is_fresh:
            if left_s(deadline) <= 0:
                raise announces.no_answer(time.monotonic() - began)
            if self._connecting is None:
                self._connecting = asyncio.create_task(self._connect(deadline))
                self._connecting.add_done_callback(self._end_connecting)
            under_way = self._connecting
            # Not cancelled with one of those who wait for it.
            await asyncio.wait([under_way], timeout=left_s(deadline))
            error = under_way.exception() if under_way.done() else None
            if error is not None and not isinstance(error, _SilenceError):
                raise error
        return self._connection

    def _end_connecting(self, ended: asyncio.Task[_Connection]) -> None:
        self._connecting = None
        if not ended.cancelled() and ended.exception() is None:
            self._connection = ended.result()

    async def _connect(self, deadline: float) -> _Connection:
        addresses = await self._addresses(deadline)
        packet = _REQUEST.pack(_PROTOCOL_ID, _CONNECT, secrets.randbits(32))
        for tries, pause_s in enumerate(_pauses(deadline)):
            # The first alone, so that not all are asked of a host that answers.
            answer = await self._sockets.ask(
                packet, addresses[: tries + 1], _CONNECTED.size, pause_s
            )
            if answer is None:
                continue
            if answer.action == ERROR:
                raise announces.refusal(answer.body[_HEAD.size :])
            _, _, given = _CONNECTED.unpack_from(answer.body)
            return _Connection(answer.sender, given, time.monotonic())
        raise _SilenceError

    async def _addresses(self, deadline: float) -> list[Endpoint]:
        look_up = partial(socket.getaddrinfo, self._host, self._port, type=socket.SOCK_DGRAM)
        try:
            async with asyncio.timeout(left_s(deadline)):
                infos = await self._names.run(look_up)
        except TimeoutError:
            raise _SilenceError from None
        except (OSError, UnicodeError) as error:
            raise OutageError("The tracker's name can't be looked up.") from error
        usable = [i for i in infos if i[0] in self._sockets.families]
        if not usable:
            raise OutageError(
                "The tracker can't be asked from the addresses in GHOST_DHT_LISTEN_INTERFACES."
            )
        return self._allowed([(str(i[4][0]), int(i[4][1])) for i in usable])

    def _allowed(self, addresses: list[Endpoint]) -> list[Endpoint]:
        """Up to MAX_ADDRESSES, the families by turns."""
        allowed = [a for a in addresses if self._anywhere or is_public(a[0])]
        if not allowed:
            raise RefusedError("It lies on a private network (see GHOST_ALLOW_PRIVATE_NETWORKS).")
        families = ([a for a in allowed if (":" in a[0]) is is_v6] for is_v6 in (False, True))
        by_turns = chain.from_iterable(zip_longest(*families))
        return [a for a in dict.fromkeys(by_turns) if a is not None][:MAX_ADDRESSES]


class _SilenceError(OutageError):
    """Nobody answered within the time of who asked first; others may have longer."""


def _pauses(deadline: float) -> Iterator[float]:
    """How long to wait for an answer each time, until the deadline."""
    pause_s = FIRST_PAUSE_S
    while (left := left_s(deadline)) > 0:
        yield min(pause_s, left)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def _announce_body(announce: Announce) -> bytes:
    # Never as who has it all (left = 0): others would come for what isn't here.
    downloaded, left, uploaded, our_address = 0, 1, 0, 0
    return _ANNOUNCE_BODY.pack(
        bytes.fromhex(announce.key),
        announce.peer_id,
        downloaded,
        left,
        uploaded,
        announce.event,
        our_address,
        announce.secret,
        announce.num_want,
        announce.port,
    )
