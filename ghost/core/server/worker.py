"""gunicorn's worker with threads, behind a guard: a thread never waits for a client.

gunicorn's own gives a thread to a connection as soon as a byte of it has come, and for as long as the
client likes. Here the main thread collects requests until they are whole, sends what clients are
slow to take, and closes connections, each within a time; threads do the rest, by gunicorn's code.
What is too much is let go: the connection that has waited longest, or that takes most memory.

It leans on gunicorn's insides: tests/ghost/core/server/test_gunicorn.py fails when they change.
"""

from __future__ import annotations

import errno
import gc
import resource
import socket
import time
from concurrent.futures import Future
from functools import partial
from typing import Any

from django.conf import settings
from django.urls import get_resolver
from gunicorn.config import Config
from gunicorn.workers.gthread import TConn, ThreadWorker

from ghost.core.server.client_socket import ClientSocket
from ghost.core.server.phases import Arrival, Departure, Farewell, Next, Phase

MAX_HELD_BYTES = 256_000_000
"""Of requests that are coming, and answers that go out, in memory or files."""
MAX_BYTES = 512_000_000
"""With whole requests, which threads have or will have: large ones must not leave the others no room."""
MAX_FILES = 65_536
LOOK_EVERY_S = 0.5
STOP_LOOK_EVERY_S = 0.1
NO_FILE_LEFT = {errno.EMFILE, errno.ENFILE}
NOBODY_THERE = {errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED}


def can_guard(cfg: Config) -> bool:
    """Whether connections are plain HTTP/1. Others (TLS or HTTP/2 in gunicorn, the PROXY protocol,
    uwsgi) are served as gunicorn does."""
    is_http = cfg.protocol == "http" and cfg.http2_cleartext == "off"
    return is_http and not cfg.is_ssl and cfg.proxy_protocol == "off"


class GuardedWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Serves requests once they are whole."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # gunicorn's
        super().__init__(*args, **kwargs)
        self._is_guarding = can_guard(self.cfg)
        self._timeout_s = 0.0
        self._waiting: dict[TConn, Phase] = {}
        self._held: dict[TConn, int] = {}
        self._held_bytes = 0
        self._look_at = 0.0
        self._is_hurried = False

    # -- what gunicorn calls

    def init_process(self) -> None:
        """Begin, after the fork."""
        self.worker_connections = min(self.cfg.worker_connections, _raised_file_limit() // 2)
        self.max_keepalived = self.worker_connections - self.cfg.threads
        super().init_process()

    def run(self) -> None:
        """Serve until told to stop; the application is loaded."""
        self._timeout_s = settings.GHOST.request_timeout_s
        if not self._is_guarding:
            self.log.warning("With TLS, HTTP/2 or PROXY in gunicorn, slow clients hold threads.")
        _finish_loading()
        super().run()

    def accept(self, listener: socket.socket) -> None:
        """Somebody connects."""
        if not self._is_guarding:
            super().accept(listener)
            return
        try:
            plain, address = listener.accept()
        except OSError as error:
            self._excuse(error)
            return
        conn = TConn(
            self.cfg, ClientSocket(plain, self._timeout_s), address, listener.getsockname()
        )
        conn.data_ready = True  # gunicorn need not wait for the first byte
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections:
            self._drop_longest_waiting()
        self._wait(conn, Arrival(self._timeout_s, self._timeout_s, self.enqueue_req))

    def finish_request(self, conn: TConn, fs: Future[object]) -> None:
        """A thread is done with it; the main thread goes on."""
        if not self._is_guarding:
            super().finish_request(conn, fs)
        elif conn.sock.is_taken:
            self._forget(conn)
        else:
            is_kept = not fs.cancelled() and not fs.exception() and bool(fs.result())
            self._wait(conn, Departure(self._timeout_s, self._next_request(is_kept=is_kept)))

    def murder_pending(self) -> None:
        """Let go of those who were too slow. gunicorn calls it each time it has done something."""
        if not self._is_guarding:
            super().murder_pending()
            return
        if not self.alive and not self._is_hurried:
            self._is_hurried = True
            for phase in self._waiting.values():
                phase.hurry()
        while self._waiting and self._is_too_much_held():
            self._drop(max(self._waiting, key=lambda conn: self._held[conn]))
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + (LOOK_EVERY_S if self.alive else STOP_LOOK_EVERY_S)
            for conn in [c for c, phase in self._waiting.items() if phase.pace.deadline <= now]:
                self._drop(conn)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """One round; not for long when it stops, so that the end comes in time."""
        super().wait_for_and_dispatch_events(
            timeout if self.alive else min(timeout, STOP_LOOK_EVERY_S)
        )

    # -- the way of a connection: Arrival, a thread, Departure, and Arrival again or Farewell

    def _next_request(self, *, is_kept: bool) -> Next:
        return self._await_next if is_kept else self._say_farewell

    def _await_next(self, conn: TConn) -> None:
        already_read = conn.parser.unreader.take_buffered() + conn.sock.received.read()
        conn.sock.received.close()
        idle_s = self.cfg.keepalive
        self._wait(conn, Arrival(idle_s, self._timeout_s, self.enqueue_req, already_read))

    def _say_farewell(self, conn: TConn) -> None:
        self._wait(conn, Farewell(self._forget))

    def _wait(self, conn: TConn, phase: Phase) -> None:
        """Go on with it as far as it goes, and then whenever the client did something."""
        if not self._goes_on(conn, phase):
            if not self.alive:
                phase.hurry()
            self._waiting[conn] = phase
            self.poller.register(conn.sock, phase.events, partial(self._on_ready, conn))

    def _on_ready(self, conn: TConn, _sock: ClientSocket) -> None:
        phase = self._waiting.get(conn)  # it may have been dropped in the same round
        if phase:
            self._goes_on(conn, phase)

    def _goes_on(self, conn: TConn, phase: Phase) -> bool:
        """Whether it waits no more."""
        try:
            is_done = phase.go_on(conn.sock)
        except (OSError, ValueError):  # the client has gone; a thread closed it after an error
            self._drop(conn)
            return True
        self._hold(conn, phase.held_bytes)
        if is_done:
            self._stop_waiting(conn)
            phase.then(conn)
        return is_done

    # -- letting go

    def _hold(self, conn: TConn, held_bytes: int) -> None:
        self._held_bytes += held_bytes - self._held.get(conn, 0)
        self._held[conn] = held_bytes

    def _is_too_much_held(self) -> bool:
        if self._held_bytes <= MAX_HELD_BYTES:
            return False
        waiting = sum(self._held.get(conn, 0) for conn in self._waiting)
        return waiting > MAX_HELD_BYTES or self._held_bytes > MAX_BYTES

    def _stop_waiting(self, conn: TConn) -> None:
        if self._waiting.pop(conn, None):
            self.poller.unregister(conn.sock)

    def _drop(self, conn: TConn) -> None:
        self._stop_waiting(conn)
        self._forget(conn)

    def _forget(self, conn: TConn) -> None:
        self._held_bytes -= self._held.pop(conn, 0)
        self.nr_conns -= 1
        conn.sock.close()

    def _drop_longest_waiting(self) -> bool:
        """Make room for another connection; False if none waits for its client."""
        arriving = (c for c, phase in self._waiting.items() if isinstance(phase, Arrival))
        conn = next(arriving, None) or next(iter(self._waiting), None)
        if conn:
            self._drop(conn)
        return conn is not None

    def _excuse(self, error: OSError) -> None:
        """Nobody could be let in."""
        if error.errno in NO_FILE_LEFT:
            if not self._drop_longest_waiting():
                time.sleep(STOP_LOOK_EVERY_S)  # the listener stays readable
        elif error.errno not in NOBODY_THERE:
            raise error


def _finish_loading() -> None:
    """Load the addresses and all behind them now, and not with the first request. What is loaded then
    stays: no later collection looks through it, nor the one at the end, which took a third of a second."""
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()


def _raised_file_limit() -> int:
    """How many files this process may have open, after asking for as many as it may have."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
