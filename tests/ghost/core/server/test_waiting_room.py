"""What the worker keeps for those it waits for, without a server around it."""

from __future__ import annotations

import selectors
import socket
from collections import deque
from types import SimpleNamespace

import pytest
from gunicorn.workers.gthread import TConn

from ghost.core.server import worker as guard
from ghost.core.server.client_socket import ClientSocket
from ghost.core.server.phases import Arrival
from ghost.core.server.worker import GuardedWorker


class Waiting(GuardedWorker):
    """Its connections, and what became of them; the test is its main thread."""

    def __init__(self) -> None:
        self.cfg = SimpleNamespace(keepalive=2)
        self.alive, self.nr_conns, self.poller = True, 0, selectors.DefaultSelector()
        self._is_guarding, self._timeout_s, self._look_at, self._is_hurried = True, 20, 0.0, False
        self._waiting, self._held, self._held_bytes = {}, {}, 0
        self.whole: deque[bytes] = deque()
        self.peers: list[socket.socket] = []

    def enqueue_req(self, conn: TConn) -> None:
        self.whole.append(conn.sock.received.read())

    def connect(self, data: bytes) -> socket.socket:
        """Somebody who has sent this."""
        ours, theirs = socket.socketpair()
        theirs.sendall(data)
        self.peers.append(theirs)
        self.nr_conns += 1
        conn = TConn(self.cfg, ClientSocket(ours, 20), "", "")
        self._wait(conn, Arrival(20, 20, self.enqueue_req))
        return theirs


@pytest.fixture
def waiting():
    made = Waiting()
    yield made
    for conn in list(made._held):
        made._drop(conn)
    for peer in made.peers:
        peer.close()
    made.poller.close()


def is_closed(peer: socket.socket) -> bool:
    peer.settimeout(0)
    try:
        return not peer.recv(100)
    except BlockingIOError:
        return False


def test_largest_goes_when_too_much_is_kept(waiting, monkeypatch):
    monkeypatch.setattr(guard, "MAX_HELD_BYTES", 50_000)
    small = waiting.connect(b"POST / HTTP/1.1\r\nContent-Length: 90000\r\n\r\n" + b"x" * 1000)
    large = waiting.connect(b"POST / HTTP/1.1\r\nContent-Length: 90000\r\n\r\n" + b"x" * 40_000)
    other = waiting.connect(b"GET / HTTP/1.1\r\nA: " + b"b" * 30_000)

    waiting.murder_pending()

    assert [is_closed(peer) for peer in (small, large, other)] == [False, True, False]
    assert (waiting.nr_conns, len(waiting._waiting)) == (2, 2)
    assert waiting._held_bytes == sum(waiting._held.values()) < 50_000


def test_oldest_arrival_goes_when_there_are_too_many(waiting):
    peers = [waiting.connect(b"GET ") for _ in range(3)]

    waiting._drop_longest_waiting()

    assert [is_closed(peer) for peer in peers] == [True, False, False]


def test_whole_request_is_kept_in_count_until_it_is_answered(waiting):
    request = b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000

    waiting.connect(request)

    assert list(waiting.whole) == [request]
    assert (waiting._held_bytes, waiting._waiting) == (len(request), {})


def test_whole_requests_leave_others_their_room(waiting, monkeypatch):
    monkeypatch.setattr(guard, "MAX_HELD_BYTES", 50_000)
    body = b"x" * 40_000
    for _ in range(2):
        waiting.connect(b"POST / HTTP/1.1\r\nContent-Length: 40000\r\n\r\n" + body)
    coming = waiting.connect(b"GET / HTTP/1.1\r\nA: b")

    waiting.murder_pending()

    assert (len(waiting.whole), is_closed(coming)) == (2, False)


def test_whole_requests_are_bounded_too(waiting, monkeypatch):
    monkeypatch.setattr(guard, "MAX_HELD_BYTES", 50_000)
    monkeypatch.setattr(guard, "MAX_BYTES", 60_000)
    body = b"x" * 40_000
    for _ in range(2):
        waiting.connect(b"POST / HTTP/1.1\r\nContent-Length: 40000\r\n\r\n" + body)
    coming = waiting.connect(b"GET / HTTP/1.1\r\nA: b")

    waiting.murder_pending()

    assert is_closed(coming)
