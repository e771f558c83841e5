"""A client's connection as gunicorn's threads have it: they never wait for whoever is at its other end."""

from __future__ import annotations

import errno
import io
import os
import select
import socket
import time
from collections import deque
from contextlib import suppress
from typing import IO

from ghost.core.server.pace import Pace

MAX_UNSENT_BYTES = 8_000_000
"""Of an answer that is made while it is sent, an export say, more is not kept: its thread waits."""
SENT_AT_ONCE_BYTES = 262_144
SLOWEST_FOR_A_THREAD_BYTES_PER_S = 100_000
"""Who reads slower than this keeps no thread."""


class ClientSocket:
    """What a thread reads was collected before it got the connection. What it writes and the client
    does not take at once is kept, for the main thread to send.

    It has what gunicorn asks of a socket; `plain` is the real one, which never blocks.
    """

    def __init__(self, plain: socket.socket, timeout_s: float) -> None:
        plain.settimeout(0)
        self.plain = plain
        self.received: IO[bytes] = io.BytesIO()
        self.refusal: Exception | None = None
        self.is_taken = False
        self.unsent_bytes = 0
        self._timeout_s = timeout_s
        self._unsent: deque[_Bytes | _FilePart] = deque()

    # -- for the main thread

    def flush(self) -> int:
        """Send what goes without waiting; how many bytes that were."""
        total = 0
        with suppress(BlockingIOError):
            while self._unsent:
                sent = self._unsent[0].send(self.plain)
                total, self.unsent_bytes = total + sent, self.unsent_bytes - sent
                if self._unsent[0].is_sent:
                    self._unsent.popleft().close()
        return total

    @property
    def is_all_sent(self) -> bool:
        """Whether nothing is kept any more."""
        return not self._unsent

    def take(self) -> socket.socket:
        """The real socket, which the caller has to close; the server is done with it."""
        self.is_taken = True
        return self.plain

    def close(self) -> None:
        """Let go of the connection and of all that is kept for it."""
        self.received.close()
        while self._unsent:
            self._unsent.popleft().close()
        if not self.is_taken:
            self.plain.close()

    # -- for the threads, by the names that gunicorn knows

    def fileno(self) -> int:
        """Its number, for selectors."""
        return self.plain.fileno()

    def recv(self, size: int) -> bytes:
        """Of what was collected; TimeoutError instead of waiting for more."""
        if data := self.received.read(size):
            return data
        raise self.refusal or TimeoutError("a body that was not collected is not waited for")

    def send(self, data: bytes) -> int:
        """Nothing: gunicorn says `100 Continue` with it, which was said where a body was waited for."""
        return len(data)

    def sendall(self, data: bytes) -> None:
        """Send these bytes, or keep them."""
        if data and not self.is_taken:
            self._put(_Bytes(data), len(data))
            if self.unsent_bytes > MAX_UNSENT_BYTES:
                self._await_reader()

    def sendfile(self, file: IO[bytes], offset: int = 0, count: int = 0) -> int:
        """Send so many bytes of the file, or keep it open for that."""
        if count and not self.is_taken:
            self._put(_FilePart(file.fileno(), offset, offset + count), 0)
        return count

    def shutdown(self, how: int) -> None:
        """Close one direction."""
        if not self.is_taken:
            self.plain.shutdown(how)

    def gettimeout(self) -> float:
        """It never waits."""
        return 0.0

    def settimeout(self, value: float | None) -> None:
        """It never waits."""

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001  # gunicorn's
        """It never waits."""

    def _put(self, part: _Bytes | _FilePart, kept: int) -> None:
        self._unsent.append(part)
        self.unsent_bytes += kept
        self.flush()

    def _await_reader(self) -> None:
        pace = Pace(self._timeout_s, SLOWEST_FOR_A_THREAD_BYTES_PER_S)
        writable = select.poll()
        writable.register(self.plain, select.POLLOUT)
        while self.unsent_bytes > MAX_UNSENT_BYTES:
            left_s = pace.deadline - time.monotonic()
            if left_s <= 0:
                self.close()
                raise BrokenPipeError(errno.EPIPE, "the client does not read its answer")
            if writable.poll(left_s * 1000):
                pace.go_on(self.flush())


class _Bytes:
    """What is left of some bytes."""

    def __init__(self, data: bytes) -> None:
        self._left = memoryview(data)

    def send(self, plain: socket.socket) -> int:
        sent = plain.send(self._left)
        self._left = self._left[sent:]
        return sent

    @property
    def is_sent(self) -> bool:
        return not self._left

    def close(self) -> None:
        """Nothing is open."""


class _FilePart:
    """What is left of a part of a file, which stays open until it is sent."""

    def __init__(self, number: int, start: int, end: int) -> None:
        self._number = os.dup(number)
        self._next, self._end = start, end

    def send(self, plain: socket.socket) -> int:
        size = min(self._end - self._next, SENT_AT_ONCE_BYTES)
        sent = os.sendfile(plain.fileno(), self._number, self._next, size)
        if not sent:
            raise BrokenPipeError(errno.EPIPE, "the file became shorter")
        self._next += sent
        return sent

    @property
    def is_sent(self) -> bool:
        return self._next >= self._end

    def close(self) -> None:
        os.close(self._number)
