"""Whether web seeds (BEP 19) serve their torrents: a question of sizes, answered without content.

A HEAD and one byte are asked for, of the largest file. Threads ask many at once; who scans in one
thread hands torrents in, collects what is known, and waits for no server.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter, deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from dht.engine import largest_file
from ghost.core.errors import GhostError, OutageError, RefusedError
from ghost.core.io import fetch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from resources.torrents.metadata import Metadata

MAX_THREADS = 8
MAX_PER_HOST = 2
MAX_PER_TORRENT = 3
MAX_FAILURES = 3
"""In a row, after which a host is left alone."""
OK, PARTIAL, TOO_MANY = 200, 206, 429
NO_HEAD = frozenset({405, 501})

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WebSeedCheck:
    """What a web seed turned out to be; `reason` is a sentence if it is not alive, else empty."""

    url: str
    is_alive: bool
    reason: str = ""
    is_known: bool = True
    """False if a server that might serve it gave no answer, so that nothing is known."""


@dataclass(frozen=True)
class Target:
    """Where a web seed has to have the largest file of its torrent, and its size in bytes."""

    seed: str
    url: str
    size: int

    @property
    def host(self) -> str:
        """The host that is asked first."""
        return urlsplit(self.url).hostname or ""


def target(metadata: Metadata, seed: str) -> Target:
    """Where BEP 19 puts the largest file: below the URL, or at it if there is no folder.

    BEP 52 says nothing about web seeds: libtorrent looks for a v2 torrent's one file below, too.
    """
    file = largest_file.largest(metadata)
    is_file = file.is_alone and urlsplit(seed).path and not seed.endswith("/")
    path = "/".join(quote(part, safe="") for part in file.path)
    return Target(seed, seed if is_file else f"{seed.removesuffix('/')}/{path}", file.size)


def require_alive(wanted: Target, timeout_s: float, source_address: str | None = None) -> None:
    """Nothing, if the file is served, in the right size and by ranges, which clients need.

    HEAD and range request have half of `timeout_s` seconds each, and are made from the local
    address `source_address`, where it is given. RefusedError if the server can't be a seed of
    this torrent, OutageError if it gave no answer that says so.
    """
    if not wanted.size:
        raise RefusedError("The torrent is empty: a web seed has nothing to serve.")
    head = fetch.head(wanted.url, timeout_s=timeout_s / 2, source_address=source_address)
    if head.status not in NO_HEAD:
        _require(head, OK)
        if head.size_bytes is not None:
            _require_size(head, wanted.size)
    byte = fetch.byte(
        wanted.url, wanted.size - 1, timeout_s=timeout_s / 2, source_address=source_address
    )
    if byte.status == OK:
        raise RefusedError("The server ignores ranges, without which it can't be a web seed.")
    _require(byte, PARTIAL)
    _require_size(byte, wanted.size)


def _require(head: fetch.Head, status: int) -> None:
    if head.status >= 500 or head.status == TOO_MANY:
        raise OutageError(f"The server answered {head.status}.")
    if head.status != status:
        raise RefusedError(f"The server answered {head.status}.")


def _require_size(head: fetch.Head, size: int) -> None:
    if head.size_bytes is None:
        raise RefusedError("The server does not say how large the file is.")
    if head.size_bytes != size:
        raise RefusedError(
            f"The server's file has {head.size_bytes} bytes, not the torrent's {size}."
        )


def check(
    wanted: Iterable[tuple[str, Metadata, Sequence[str]]],
    timeout_s: float,
    source_address: str | None = None,
) -> Iterator[tuple[str, WebSeedCheck]]:
    """Check all of them (key, metadata, web seeds) together; as `Checks` says, as they come."""
    checks = Checks(timeout_s, source_address)
    try:
        for key, metadata, seeds in wanted:
            checks.add(key, metadata, seeds)
        while len(checks):
            yield from checks.step(1)
    finally:
        checks.abandon()


@dataclass
class _Torrent:
    """A torrent, and which of its web seeds are still to be asked."""

    key: str
    targets: deque[Target]
    is_known: bool = True


class Checks:
    """Checks under way; more may join at any time.

    Each torrent that was added comes back once: with its first web seed that is alive, or else
    with the last that was asked. A torrent's seeds are asked one after another, the first three.
    Threads live only while there is work, and none outlives a fork or holds the process at exit.
    """

    def __init__(self, timeout_s: float, source_address: str | None = None) -> None:
        self._timeout_s = timeout_s
        self._source_address = source_address
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Condition()
        self._queues: dict[str, deque[_Torrent]] = {}
        self._ready: dict[str, None] = {}  # hosts in turn, as an ordered set
        self._busy: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._ended: list[tuple[str, WebSeedCheck]] = []
        self._expected = self._threads = 0
        self._is_abandoned = False

    def _locked(self) -> threading.Condition:
        """The lock of this process: threads and locks of a forked one's parent are dead here."""
        if self._pid != os.getpid():
            self._begin()
        return self._lock

    def __len__(self) -> int:
        with self._locked():
            return self._expected

    def add(self, key: str, metadata: Metadata, seeds: Sequence[str]) -> None:
        """Let a torrent join, if it has a web seed; of `metadata` nothing is held."""
        targets = deque(target(metadata, seed) for seed in seeds[:MAX_PER_TORRENT])
        with self._locked():
            if targets and not self._is_abandoned:
                self._expected += 1
                self._queue(_Torrent(key, targets))

    def step(self, wait_s: float) -> list[tuple[str, WebSeedCheck]]:
        """What came to its end, waiting up to `wait_s` seconds for something."""
        with self._locked():
            self._lock.wait_for(lambda: self._ended or not self._expected, wait_s)
            ended, self._ended = self._ended, []
            self._expected -= len(ended)
            return ended

    def abandon(self) -> None:
        """Forget all that has not ended, and let nothing join any more."""
        with self._locked():
            self._is_abandoned = True
            self._expected = 0
            self._queues.clear()
            self._ready.clear()
            self._ended.clear()

    # -- under the lock

    def _queue(self, torrent: _Torrent) -> None:
        host = torrent.targets[0].host
        self._queues.setdefault(host, deque()).append(torrent)
        self._make_ready(host)

    def _make_ready(self, host: str) -> None:
        if host in self._queues and self._busy[host] < MAX_PER_HOST:
            self._ready[host] = None
            if self._threads < MAX_THREADS:
                threading.Thread(target=self._work, name="web-seeds", daemon=True).start()
                self._threads += 1

    def _next(self) -> _Torrent | None:
        if not self._ready:
            self._threads -= 1
            return None
        host = next(iter(self._ready))
        del self._ready[host]
        torrent = self._queues[host].popleft()
        if not self._queues[host]:
            del self._queues[host]
        self._busy[host] += 1
        self._make_ready(host)
        return torrent

    def _end(self, torrent: _Torrent, outcome: WebSeedCheck, *, is_failure: bool) -> None:
        host = torrent.targets.popleft().host
        self._busy[host] -= 1
        self._failures[host] = self._failures[host] + 1 if is_failure else 0
        if self._is_abandoned:
            return
        torrent.is_known &= not is_failure
        if torrent.targets and not outcome.is_alive:
            self._queue(torrent)
        else:
            is_known = torrent.is_known or outcome.is_alive
            self._ended.append((torrent.key, replace(outcome, is_known=is_known)))
            self._lock.notify()
        self._make_ready(host)

    def _is_given_up(self, host: str) -> bool:
        return self._failures[host] >= MAX_FAILURES

    # -- in the threads

    def _work(self) -> None:
        while True:
            with self._lock:
                torrent = self._next()
            if torrent is None:
                return
            error = self._ask(torrent.targets[0])
            outcome = WebSeedCheck(torrent.targets[0].seed, not error, str(error or ""))
            with self._lock:
                self._end(torrent, outcome, is_failure=isinstance(error, OutageError))

    def _ask(self, wanted: Target) -> Exception | None:
        if self._is_given_up(wanted.host):
            return OutageError(
                f"The server failed {MAX_FAILURES} times in a row; it is left alone."
            )
        try:
            require_alive(wanted, self._timeout_s, self._source_address)
        except GhostError as error:
            return error
        except Exception:  # whatever it is, the torrent must come back, or the scan waits for it
            log.exception("The web seed %s can't be checked.", wanted.seed)
            return RefusedError("It can't be checked: internal error.")
        return None
