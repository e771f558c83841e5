"""Questions and answers in single datagrams, as BEP 15 has them."""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dht.trackers.announces import Endpoint

MAX_DATAGRAM = 4096
RECEIVE_BUFFER_BYTES = 1 << 20
ERROR = 3
"""The action of an answer that says no."""
_READ_AT_ONCE = 200
_HEAD = struct.Struct(">II")


@dataclass(frozen=True)
class _Question:
    action: int
    shortest: int
    answer: asyncio.Future[Answer | None]


@dataclass(frozen=True)
class Answer:
    """What came back, whole, from the address that was asked."""

    sender: Endpoint
    action: int
    body: bytes


class Sockets:
    """One socket for each family; takes an answer only from who was asked, under its number."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, sources: Mapping[socket.AddressFamily, str]
    ) -> None:
        self._loop = loop
        self._sockets: dict[socket.AddressFamily, socket.socket] = {}
        self._open: dict[tuple[Endpoint, int], _Question] = {}
        for family, host in sources.items():
            self._listen(family, host)

    @property
    def families(self) -> frozenset[socket.AddressFamily]:
        """What this machine has, of what may be used."""
        return frozenset(self._sockets)

    def _listen(self, family: socket.AddressFamily, host: str) -> None:
        try:
            opened = socket.socket(family, socket.SOCK_DGRAM)
        except OSError:  # a machine without IPv6
            return
        try:
            if family == socket.AF_INET6:
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            opened.settimeout(0)
            opened.bind((host, 0))
        except OSError:  # the address isn't ours (now): better no answer than from elsewhere
            opened.close()
            return
        self._sockets[family] = opened
        self._loop.add_reader(opened, self._read, opened)

    async def ask(
        self, packet: bytes, addresses: Sequence[Endpoint], shortest: int, wait_s: float
    ) -> Answer | None:
        """Send one request to these addresses; None if no fitting answer came in time.

        It fits if it has the request's action and at least `shortest` bytes, or says no.
        """
        action, number = _HEAD.unpack_from(packet, 8)
        question = _Question(action, shortest, self._loop.create_future())
        timer = self._loop.call_later(wait_s, _give_up, question.answer)
        try:
            for address in addresses:
                self._open[address, number] = question
                self._send(packet, address)
            return await question.answer
        finally:
            timer.cancel()
            for address in addresses:
                self._open.pop((address, number), None)

    def _send(self, packet: bytes, address: Endpoint) -> None:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        try:
            self._sockets[family].sendto(packet, address)
        except OSError:  # a full buffer, no route: it will be sent again
            return

    def _read(self, ready: socket.socket) -> None:
        for _ in range(_READ_AT_ONCE):  # then the other socket has its turn
            try:
                body, sender = ready.recvfrom(MAX_DATAGRAM)
            except BlockingIOError:
                return
            except OSError:  # what a router said of an earlier datagram
                continue
            self._take(body, (sender[0], sender[1]))

    def _take(self, body: bytes, sender: Endpoint) -> None:
        if len(body) < _HEAD.size:
            return
        action, number = _HEAD.unpack_from(body)
        question = self._open.get((sender, number))
        if question is None or question.answer.done():
            return
        if action == ERROR or (action == question.action and len(body) >= question.shortest):
            question.answer.set_result(Answer(sender, action, body))

    def close(self) -> None:
        """Close both sockets; questions under way time out."""
        for opened in self._sockets.values():
            self._loop.remove_reader(opened)
            opened.close()
        self._sockets.clear()


def _give_up(answer: asyncio.Future[Answer | None]) -> None:
    if not answer.done():
        answer.set_result(None)
