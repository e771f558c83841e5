"""What a connection waits for while no thread has it. The main thread goes on with it when the
client did something."""

from __future__ import annotations

import io
import selectors
import socket
from collections.abc import Callable
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from gunicorn.http.errors import LimitRequestHeaders

from ghost.core.server import request_head
from ghost.core.server.client_socket import ClientSocket
from ghost.core.server.pace import Pace

MAX_BODY_BYTES = 16_000_000
"""No route takes more, but for one. Who announces more is answered before anything of it is read."""
MAX_UPLOAD_BYTES = 66_000_000
"""Of that one, which takes `.torrent` files, from those who show a token."""
MEMORY_BYTES = 65_536
"""A larger body is kept in a file."""
READ_BYTES = 65_536
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LINGER_S = 2.0
LINGER_BYTES = 65_536
STOP_GRACE_S = 1.0
"""So much time has whatever is not done when the process is told to stop, and more if it moves on."""

Next = Callable[[Any], None]
"""What follows for gunicorn's connection."""


class Phase:
    """Something that the client has to do; `then` follows when it has."""

    events = selectors.EVENT_READ
    held_bytes = 0
    """What is kept for it meanwhile."""

    def __init__(self, patience_s: float, then: Next) -> None:
        self.pace, self._patience_s, self.then = Pace(patience_s), patience_s, then

    def go_on(self, sock: ClientSocket) -> bool:
        """Do what can be done now; whether that is all. OSError if the client has gone."""
        raise NotImplementedError

    def hurry(self) -> None:
        """The process is to stop."""
        self.pace.restart(min(self._patience_s, STOP_GRACE_S))


class Arrival(Phase):
    """A request comes in: its head, and its body if that has a length and is not too large."""

    def __init__(
        self, idle_s: float, timeout_s: float, then: Next, already_read: bytes = b""
    ) -> None:
        super().__init__(idle_s, then)
        self._timeout_s, self._already_read = timeout_s, already_read
        self._head = bytearray()
        self._body: IO[bytes] | None = None
        self._missing_bytes = 0

    def go_on(self, sock: ClientSocket) -> bool:
        """Take what has come."""
        data, self._already_read = self._already_read or _read(sock.plain), b""
        if not self.held_bytes and data:
            self.pace.restart(self._timeout_s)
        self.pace.go_on(len(data))
        self.held_bytes += len(data)
        if self._body is None:
            return self._add_to_head(data, sock)
        self._body.write(data)
        self._missing_bytes -= len(data)
        if self._missing_bytes > 0:
            return False
        self._body.seek(0)
        return True

    def _add_to_head(self, data: bytes, sock: ClientSocket) -> bool:
        start = len(self._head)
        self._head += data
        end = request_head.end(self._head, start)
        if end < 0:
            return self._is_refused(sock)
        head = bytes(self._head[:end])
        wanted = request_head.body_bytes(head)
        most = MAX_UPLOAD_BYTES if request_head.is_large_upload(head) else MAX_BODY_BYTES
        self._missing_bytes = wanted - (len(self._head) - end)
        if wanted > most or self._missing_bytes <= 0:
            sock.received = io.BytesIO(self._head)
            return True
        if request_head.expects_continue(head):
            sock.plain.send(CONTINUE)
        sock.received = self._body = SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115  # until all is done
        self._body.write(self._head)
        return False

    def _is_refused(self, sock: ClientSocket) -> bool:
        """Whether the parser is to say at once what is wrong with this beginning of a head."""
        if len(self._head) > request_head.MAX_HEAD_BYTES:
            sock.refusal = LimitRequestHeaders("the head is too large")
        elif not request_head.has_bare_line_feed(self._head):
            return False
        sock.received = io.BytesIO(self._head)
        return True


class Departure(Phase):
    """The answer goes out."""

    events = selectors.EVENT_WRITE

    def go_on(self, sock: ClientSocket) -> bool:
        """Send what goes."""
        self.pace.go_on(sock.flush())
        self.held_bytes = sock.unsent_bytes
        return sock.is_all_sent


class Farewell(Phase):
    """Our side is closed and the client is to close its own, so that no answer is cut off by what
    it still sends (RFC 9112, section 9.6)."""

    def __init__(self, then: Next) -> None:
        super().__init__(LINGER_S, then)
        self._is_begun = False
        self._heard_bytes = 0

    def go_on(self, sock: ClientSocket) -> bool:
        """Drop what comes; ConnectionResetError is the usual end."""
        if not self._is_begun:
            self._is_begun = True
            sock.shutdown(socket.SHUT_WR)
        self._heard_bytes += len(_read(sock.plain))
        return self._heard_bytes > LINGER_BYTES


def _read(plain: socket.socket) -> bytes:
    """What has come, which may be nothing yet; ConnectionResetError if nothing will."""
    with suppress(BlockingIOError):
        if data := plain.recv(READ_BYTES):
            return data
        raise ConnectionResetError("the client hung up")
    return b""
