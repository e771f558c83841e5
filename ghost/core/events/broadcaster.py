"""Everybody who listens to events, served by one thread of each web process.

A web server with 16 threads can't give one to each of 500 listeners. So an open connection is
taken from the server (`ghost.core.events.hijack`) and given to the hub: it reads what is new once for all,
writes without waiting, and notices who has gone.
"""

from __future__ import annotations

import atexit
import logging
import os
import selectors
import socket
import threading
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue

from django.conf import settings
from django.db import DatabaseError, connection

from ghost.core.events.models import Event, Scope
from ghost.core.events.reader import AT_ONCE, Tail
from ghost.core.events.subscriber import Caller, Listener
from ghost.core.events.subscriptions import RENEW_EVERY_S, Stream

POLL_EVERY_S = 0.5
HEARTBEAT_S = 15.0
OUTAGE_PAUSE_S = 1.0
PAGE = 200
PAGE_ROOM_BYTES = 64_000
"""Who catches up gets the next page when no more than so much waits for it."""

Scopes = Callable[[Collection[Caller]], Mapping[Caller, Scope]]
"""What each of these may see; who may not listen any more is not in it."""

logger = logging.getLogger(__name__)


class Hub:
    """The listeners of this process. Its thread begins with the first one."""

    def __init__(self, scopes: Scopes) -> None:
        self.name = f"{socket.gethostname()[:60]} {uuid.uuid4().hex}"
        self._scopes = scopes
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_closing = False
        self._arrivals: SimpleQueue[Listener] = SimpleQueue()
        self._heard, self._bell = os.pipe()
        self._selector = selectors.DefaultSelector()
        self._listeners: dict[socket.socket, Listener] = {}
        self._tail: Tail | None = None
        self._gone: list[int] = []
        self._dropped: list[int] = []
        self._poll_at = self._recheck_at = self._renew_at = 0.0
        os.set_blocking(self._heard, False)  # POSIX's
        os.set_blocking(self._bell, False)
        self._selector.register(self._heard, selectors.EVENT_READ)

    # -- from other threads

    def adopt(self, listener: Listener) -> None:
        """Serve this one from now on."""
        listener.sock.settimeout(0)
        self._arrivals.put(listener)
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="events", daemon=True)
                self._thread.start()
                atexit.register(self.close)
        self._ring()

    def close(self) -> None:
        """End all streams: this process stops."""
        self._is_closing = True
        self._ring()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _ring(self) -> None:
        with suppress(BlockingIOError):  # it rings already
            os.write(self._bell, b"!")

    # -- the thread

    def _run(self) -> None:
        try:
            while not self._is_closing:
                self.step()
        except Exception:  # whatever it is, the streams must end, and their clients reconnect
            logger.exception("the thread of the events died, and all streams with it")
        finally:
            self._end_all()

    def step(self) -> None:
        """Wait until there is something to do, and do it."""
        self._wait()
        self._welcome()
        try:
            self._serve(time.monotonic())
        except DatabaseError:
            logger.warning("events can't be read now", exc_info=True)
            connection.close()
            time.sleep(OUTAGE_PAUSE_S)
        self._send_all()
        if not self._is_busy:  # nothing is asked of the database until somebody listens
            self._tail = None
            connection.close()

    @property
    def _is_busy(self) -> bool:
        return bool(self._listeners or self._gone or self._dropped)

    def _wait(self) -> None:
        for key, mask in self._selector.select(self._patience_s()):
            if key.fileobj == self._heard:
                with suppress(BlockingIOError):
                    os.read(self._heard, 4096)
            elif mask & selectors.EVENT_READ:
                listener: Listener = key.data
                if not listener.is_there():
                    self._let_go(listener, self._gone)

    def _patience_s(self) -> float | None:
        if not self._arrivals.empty() or any(map(_has_room, self._listeners.values())):
            return 0
        return max(0.0, self._poll_at - time.monotonic()) if self._is_busy else None

    def _serve(self, now: float) -> None:
        if self._listeners:
            tail = self._tail or self._begin()
            new = [each for each in self._listeners.values() if not each.is_greeted]
            if new or now >= self._poll_at:
                self._poll(tail, now)
            for listener in new:
                _greet(listener, tail)
            for listener in filter(_has_room, self._listeners.values()):
                _page(listener, tail)
            self._keep_up(now)
        self._forget()

    def _begin(self) -> Tail:
        tail = Tail()
        tail.begin()
        self._tail, self._recheck_at = tail, time.monotonic() + settings.GHOST.events_recheck_s
        return tail

    def _welcome(self) -> None:
        with suppress(Empty):
            while True:
                listener = self._arrivals.get_nowait()
                self._listeners[listener.sock] = listener
                self._selector.register(listener.sock, selectors.EVENT_READ, listener)
                listener.begin()

    # -- what is told

    def _poll(self, tail: Tail, now: float) -> None:
        known, events = tail.top, tail.read(self._learn)
        self._poll_at = now if len(events) == AT_ONCE else now + POLL_EVERY_S
        blocks = _Blocks()
        for listener in self._listeners.values():
            for event in events:
                if _is_due(listener, event, known) and listener.wants(event):
                    listener.put(blocks.block_for(event, listener, tail))
            if listener.is_live:
                listener.after = tail.top

    # -- who stays

    def _keep_up(self, now: float) -> None:
        """See to those who may not listen any more, who are slow, who heard nothing for long."""
        if now >= self._renew_at:
            self._renew_at = now + RENEW_EVERY_S
            Stream.objects.renew(self.name)
        if now >= self._recheck_at:
            self._recheck_at = now + settings.GHOST.events_recheck_s
            self._recheck(list(self._listeners.values()))
        for listener in list(self._listeners.values()):
            if listener.is_slow:
                self._let_go(listener, self._dropped)
            elif now - listener.told_at >= HEARTBEAT_S:
                listener.put(_heartbeat(listener, self._tail))

    def _learn(self, found: list[Event]) -> None:
        """Who hears of a team is asked anew when something is told to one: it may have been founded
        a moment ago, and what was passed over does not come again. A query a round at most."""
        some = [each for each in self._listeners.values() if not each.scope.is_all]
        if some and any(event.team_id is not None for event in found):
            self._recheck(some)

    def _recheck(self, some: list[Listener]) -> None:
        """End the streams of those who may not listen any more; learn of new teams."""
        scopes = self._scopes({each.caller for each in some})
        for listener in some:
            scope = scopes.get(listener.caller)
            if scope is None:
                self._let_go(listener, self._gone)
            else:
                listener.scope = scope

    def _forget(self) -> None:
        if self._gone:
            Stream.objects.filter(pk__in=self._gone).delete()
            self._gone = []
        if self._dropped:
            Stream.objects.drop(self._dropped)
            self._dropped = []

    # -- connections

    def _send_all(self) -> None:
        for listener in list(self._listeners.values()):
            if (listener.unread and not listener.send()) or listener.is_over:
                self._let_go(listener, self._gone)
                continue
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if listener.unread else 0)
            if self._selector.get_key(listener.sock).events != wanted:
                self._selector.modify(listener.sock, wanted, listener)

    def _let_go(self, listener: Listener, where: list[int]) -> None:
        self._selector.unregister(listener.sock)
        del self._listeners[listener.sock]
        listener.sock.close()
        where.append(listener.stream_id)

    def _end_all(self) -> None:
        self._welcome()
        for listener in list(self._listeners.values()):
            self._let_go(listener, self._gone)
        with suppress(DatabaseError):  # they will count no more soon, in any case
            self._forget()
        connection.close()


class _Blocks:
    """Events as they are sent, made once for all who see the same of them."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, bool], bytes] = {}

    def block_for(self, event: Event, listener: Listener, tail: Tail) -> bytes:
        key = event.pk, listener.scope.is_all
        if key not in self._made:
            self._made[key] = _block(event, listener, tail)
        return self._made[key]


def _block(event: Event, listener: Listener, tail: Tail) -> bytes:
    return f"id: {tail.settled(event.pk)}\n".encode() + event.block(is_all=listener.scope.is_all)


def _is_due(listener: Listener, event: Event, known: int) -> bool:
    """Whether it is sent as it comes. Who has to catch up finds it in the table, unless it came
    late: with an id that was passed already."""
    if event.pk <= known:
        return event.pk <= listener.after
    if listener.is_live and listener.is_full:
        listener.is_live = False
    if listener.is_live:
        listener.after = event.pk
    return listener.is_live


def _greet(listener: Listener, tail: Tail) -> None:
    """Say where it begins; `reset` if what it missed is not kept, or never was."""
    listener.is_greeted = True
    if not listener.is_resumed:
        listener.put(f"id: {tail.settled(listener.after)}\n\n".encode())
    elif not _is_kept(listener.after, tail.top):
        listener.after = tail.top
        data = f'{{"event_id":{tail.top}}}'
        listener.put(f"id: {tail.top}\nevent: reset\ndata: {data}\n\n".encode())
    listener.is_live = listener.after >= tail.top


def _is_kept(after: int, top: int) -> bool:
    """Whether all events after that one are still there to be read."""
    if after == top:
        return True
    oldest = Event.objects.order_by("id").values_list("id", flat=True).first()
    return oldest is not None and oldest - 1 <= after <= top


def _has_room(listener: Listener) -> bool:
    """Whether it has to catch up, and has read most of what it was sent."""
    return not listener.is_live and len(listener.unread) <= PAGE_ROOM_BYTES


def _page(listener: Listener, tail: Tail) -> None:
    """The next of what is kept for it."""
    kept = Event.objects.seen_by(listener.scope).filter(listener.wanted)
    rows = list(kept.filter(tail.known(listener.after)).order_by("id")[:PAGE])
    for event in rows:
        listener.put(_block(event, listener, tail))
    listener.is_live = len(rows) < PAGE
    listener.after = tail.top if listener.is_live else rows[-1].pk


def _heartbeat(listener: Listener, tail: Tail | None) -> bytes:
    """A comment; beside it, how far a quiet stream has come."""
    place = f"id: {tail.settled(tail.top)}\n" if tail and listener.is_live else ""
    return f": {int(time.time())}\n{place}\n".encode()
