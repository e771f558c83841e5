"""One open event stream: whose it is, what it may hear, what it has not read yet."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field

from django.db.models import Q

from ghost.core.events.models import Event, Scope

RETRY_MS = 3000
"""So long clients wait before they come again."""
MAX_UNREAD_BYTES = 256_000
"""More is not kept for one listener; it gets the rest from the table once it has read this."""
PAGE_ROOM_BYTES = 64_000
"""Who catches up gets the next page when no more than so much waits for it."""
KERNEL_BUFFER_BYTES = 64_000
PATIENCE_S = 60.0
"""Who has read nothing for so long, though there was something, is cut off."""


@dataclass(frozen=True)
class Caller:
    """Whose stream it is: a token, or the session of a signed-in operator."""

    token_id: int | None = None
    session_key: str = ""


@dataclass(eq=False)
class Listener:
    """One open event stream: its socket, whose it is, and how far it was sent."""

    sock: socket.socket
    stream_id: int
    caller: Caller
    scope: Scope
    after: int
    """The event up to which it knows everything."""
    kinds: frozenset[str] = frozenset()
    """Only these; empty: all."""
    is_resumed: bool = False
    for_s: float = float("inf")
    head: bytes = b""
    """What goes out before the first event."""

    is_greeted: bool = field(default=False, init=False)
    is_live: bool = field(default=False, init=False)
    """It has caught up with what was kept."""
    is_dropped: bool = field(default=False, init=False)
    """It was cut off, since it read nothing."""
    unread: bytearray = field(default_factory=bytearray, init=False)
    told_at: float = field(default=0.0, init=False)
    read_at: float = field(default=0.0, init=False)
    ends_at: float = field(default=0.0, init=False)

    def begin(self) -> None:
        """It is served from now on."""
        self.sock.settimeout(0)
        with suppress(OSError):  # it may have gone already, which is noticed soon
            self._bound()
        self.read_at = time.monotonic()
        self.ends_at = self.read_at + self.for_s
        self.put(self.head + f"retry: {RETRY_MS}\n\n".encode())

    def _bound(self) -> None:
        """What the system keeps for a reader who does not read, and for how long."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)
        is_ip = self.sock.family in (socket.AF_INET, socket.AF_INET6)
        if is_ip and hasattr(socket, "TCP_USER_TIMEOUT"):  # a peer that vanished: RFC 5482
            limit_ms = int(PATIENCE_S * 1000)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limit_ms)

    def wants(self, event: Event) -> bool:
        """Whether this event is for it."""
        return (not self.kinds or event.kind in self.kinds) and self.scope.sees(event)

    @property
    def wanted(self) -> Q:
        """The condition of the kinds that it wants."""
        return Q(kind__in=self.kinds) if self.kinds else Q()

    @property
    def is_full(self) -> bool:
        """Whether nothing more is to be kept for it."""
        return len(self.unread) >= MAX_UNREAD_BYTES

    @property
    def has_room(self) -> bool:
        """Whether it has to catch up, and has read most of what it was sent."""
        return not self.is_live and len(self.unread) <= PAGE_ROOM_BYTES

    @property
    def is_slow(self) -> bool:
        """Whether it has read nothing for too long."""
        return bool(self.unread) and time.monotonic() - self.read_at > PATIENCE_S

    @property
    def is_over(self) -> bool:
        """Whether it was to be so long, and has had all until then."""
        return self.is_live and not self.unread and time.monotonic() >= self.ends_at

    def put(self, lines: bytes) -> None:
        """Append these lines to what is still to be sent to it."""
        now = time.monotonic()
        if not self.unread:
            self.read_at = now
        self.unread += lines
        self.told_at = now

    def send(self) -> bool:
        """As much as goes without waiting; False if the peer has gone."""
        if not self.unread:
            return True
        try:
            sent = self.sock.send(self.unread)
        except BlockingIOError:
            return True
        except OSError:
            return False
        del self.unread[:sent]
        self.read_at = time.monotonic()
        return True

    def is_there(self) -> bool:
        """Whether the peer has not hung up; what it says is of no interest."""
        try:
            return bool(self.sock.recv(4096))
        except BlockingIOError:
            return True
        except OSError:
            return False
