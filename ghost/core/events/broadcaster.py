"""Everybody who listens to events, served by one thread of each web process.

A web server with 16 threads can't give one to each of 500 listeners. So an open connection is
taken from the server (`ghost.core.events.handover`) and given to the hub: it reads what is new once
for all, writes without waiting, and notices who has gone.
"""

from __future__ import annotations

import atexit
import logging
import selectors
import socket
import threading
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from functools import cache, partial

from django.conf import settings
from django.db import DatabaseError, connection

from ghost.core.db.threads import DatabaseThread
from ghost.core.events.models import Event, Scope
from ghost.core.events.reader import AT_ONCE, Tail
from ghost.core.events.subscriber import Caller, Listener
from ghost.core.events.subscriptions import RENEW_EVERY_S, Stream

POLL_EVERY_S = 0.5
HEARTBEAT_S = 15.0
OUTAGE_PAUSE_S = 1.0
PAGE = 200
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE

Scopes = Callable[[Collection[Caller]], Mapping[Caller, Scope]]
"""What each of these may see; who may not listen any more is not in it."""

logger = logging.getLogger(__name__)


class Hub:
    """The listeners of this process. Its thread begins with the first one."""

    def __init__(self, scopes: Scopes) -> None:
        self.name = f"{socket.gethostname()[:60]} {uuid.uuid4().hex}"
        self._scopes = scopes
        self._lock = threading.Lock()
        self._thread: DatabaseThread | None = None
        self._is_closing = False
        self._selector = selectors.DefaultSelector()
        self._listeners: set[Listener] = set()
        self._left: list[Listener] = []
        self._tail: Tail | None = None
        self._poll_at = self._look_at = 0.0

    # -- from other threads

    def adopt(self, listener: Listener) -> None:
        """Serve this one from now on."""
        listener.begin()
        with self._lock:
            self._selector.register(listener.sock, READ | WRITE, listener)  # the thread wakes
            self._listeners.add(listener)
            if self._thread is None:
                self._thread = DatabaseThread(self._run, name="events")
                self._thread.start()
                atexit.register(self.close)

    def close(self) -> None:
        """End all streams: this process stops."""
        self._is_closing = True
        if thread := self._thread:
            ours, theirs = socket.socketpair()
            with ours, theirs:
                self._selector.register(ours, WRITE)  # the thread wakes
                thread.join(timeout=5)

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
        try:
            if self._listeners:
                self._serve(time.monotonic())
            self._forget()
        except DatabaseError:
            logger.warning("events can't be read now", exc_info=True)
            connection.close()
            time.sleep(OUTAGE_PAUSE_S)
        self._send_all()
        if not self._listeners:  # nothing is asked of the database until somebody listens
            self._tail = None
            connection.close()

    def _wait(self) -> None:
        for key, mask in self._selector.select(self._patience_s()):
            listener: Listener | None = key.data
            if listener and mask & READ and not listener.is_there():
                self._let_go(listener)

    def _patience_s(self) -> float:
        if not self._listeners:
            return POLL_EVERY_S
        if any(each.has_room for each in list(self._listeners)):
            return 0
        return max(0.0, self._poll_at - time.monotonic())

    # -- what is told

    def _serve(self, now: float) -> None:
        tail = self._tail = self._tail or self._begin(now)
        everybody = list(self._listeners)
        new = [each for each in everybody if not each.is_greeted]
        if new or now >= self._poll_at:
            self._poll(tail, everybody, now)
        for listener in new:
            _greet(listener, tail)
        for listener in everybody:
            if listener.has_room:
                _page(listener, tail)

    def _begin(self, now: float) -> Tail:
        tail = Tail()
        tail.begin()
        self._look_at = now + _look_every_s()
        return tail

    def _poll(self, tail: Tail, everybody: list[Listener], now: float) -> None:
        known, events = tail.top, tail.read(self._learn)
        self._poll_at = now if len(events) == AT_ONCE else now + POLL_EVERY_S
        block = cache(partial(_block, tail))  # made once for all who see the same of it
        for listener in everybody:
            for event in events:
                if _is_due(listener, event, known) and listener.wants(event):
                    listener.put(block(event, listener.scope.is_all))
            if listener.is_live:
                listener.after = tail.top
            if listener.is_slow:
                self._let_go(listener, is_dropped=True)
            elif now - listener.told_at >= HEARTBEAT_S:
                listener.put(_heartbeat(listener, tail))
        if now >= self._look_at:
            self._look_at = now + _look_every_s()
            Stream.objects.renew([each.stream_id for each in everybody])
            self._recheck(everybody)

    # -- who stays

    def _learn(self, found: list[Event]) -> None:
        """Who hears of a team is asked anew when something is told to one: it may have been founded
        a moment ago, and what was passed over does not come again. A query a round at most."""
        some = [each for each in list(self._listeners) if not each.scope.is_all]
        if some and any(event.team_id is not None for event in found):
            self._recheck(some)

    def _recheck(self, some: list[Listener]) -> None:
        """End the streams of those who may not listen any more; learn of new teams."""
        scopes = self._scopes({each.caller for each in some})
        for listener in some:
            if scope := scopes.get(listener.caller):
                listener.scope = scope
            else:
                self._let_go(listener)

    def _forget(self) -> None:
        """Give their places back; they are renewed no more, so that they count no more soon in any case."""
        if self._left:
            gone = [each.stream_id for each in self._left if not each.is_dropped]
            Stream.objects.filter(pk__in=gone).delete()
            Stream.objects.drop([each.stream_id for each in self._left if each.is_dropped])
            self._left = []

    # -- connections

    def _send_all(self) -> None:
        for listener in list(self._listeners):
            if not listener.send() or listener.is_over:
                self._let_go(listener)
                continue
            wanted = READ | WRITE if listener.unread else READ
            if self._selector.get_key(listener.sock).events != wanted:
                self._selector.modify(listener.sock, wanted, listener)

    def _let_go(self, listener: Listener, *, is_dropped: bool = False) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)
            self._selector.unregister(listener.sock)
            listener.sock.close()
            listener.is_dropped = is_dropped
            self._left.append(listener)

    def _end_all(self) -> None:
        with self._lock:
            for listener in list(self._listeners):
                self._let_go(listener)
            self._thread = None
        with suppress(DatabaseError):
            self._forget()


def _look_every_s() -> float:
    return min(settings.GHOST.events_recheck_s, RENEW_EVERY_S)


def _block(tail: Tail, event: Event, is_all: bool) -> bytes:  # noqa: FBT001  # a key of the cache
    return f"id: {tail.settled(event.pk)}\n".encode() + event.block(is_all=is_all)


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


def _page(listener: Listener, tail: Tail) -> None:
    """The next of what is kept for it."""
    kept = Event.objects.seen_by(listener.scope).filter(listener.wanted)
    rows = list(kept.filter(tail.known(listener.after)).order_by("id")[:PAGE])
    for event in rows:
        listener.put(_block(tail, event, listener.scope.is_all))
    listener.is_live = len(rows) < PAGE
    listener.after = tail.top if listener.is_live else rows[-1].pk


def _heartbeat(listener: Listener, tail: Tail) -> bytes:
    """A comment; beside it, how far a quiet stream has come."""
    place = f"id: {tail.settled(tail.top)}\n" if listener.is_live else ""
    return f": {int(time.time())}\n{place}\n".encode()
