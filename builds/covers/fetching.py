"""Covers fetched side by side, fair to each host: none gets more than a few calls at once, and
one that is slow or dead doesn't keep the others waiting.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings

from builds import reasons
from builds.covers import pictures
from builds.covers.pictures import DrawnCover
from builds.run import Progress
from ghost.core.circuits.models import MAX_NAME_CHARS
from ghost.core.errors import GhostError, OutageError
from ghost.core.io import failures, fetch

MAX_BYTES = 10_000_000
AT_ONCE = 8
AT_ONCE_PER_HOST = 2
REPORT_EVERY_S = 5
GRACE_S = 1
"""A call that lasts so much longer than it may can't be ended, as in a resolver that stalls."""

logger = logging.getLogger(__name__)


class Wanted(NamedTuple):
    """A cover that is due: of which resource, from where and which host, since when."""

    resource_id: int
    url: str
    host: str
    due_at: datetime


Queues = dict[str, deque[Wanted]]
"""What is asked of each host, in order. Cleared by whoever finds that a host is to be left alone."""
FetchResult = DrawnCover | GhostError


@dataclass
class _Call:
    wanted: Wanted
    limit_s: float
    deadline: float
    began: float = field(default=float("inf"))

    @property
    def is_overdue(self) -> bool:
        return time.monotonic() > self.began + self.limit_s + GRACE_S

    def __call__(self) -> FetchResult | None:
        """The picture, or what is wrong with it; None if the time was up first."""
        self.began = time.monotonic()
        left = self.deadline - self.began
        if left <= 0:
            return None
        try:
            url, limit_s = self.wanted.url, min(self.limit_s, left)
            return pictures.draw(fetch.get(url, max_bytes=MAX_BYTES, timeout_s=limit_s).body)
        except GhostError as error:
            # It may have had a moment only, so nothing is held against it.
            return error if time.monotonic() < self.deadline else None
        # One publisher's cover must never stop the others.
        except Exception as error:
            logger.exception("a cover could not be fetched")
            return OutageError(reasons.NOT_FETCHED(reason=type(error).__name__))


def host_of(url: str) -> str:
    """Host and port of an address, in one spelling; empty if it has none."""
    with suppress(ValueError):
        parts = urlsplit(url)
        name = (parts.hostname or "").rstrip(".")
        default = {"http": 80, "https": 443}.get(parts.scheme)
        port = "" if parts.port in (None, default) else f":{parts.port}"
        return f"[{name}]{port}" if ":" in name else f"{name}{port}"[:MAX_NAME_CHARS]
    return ""


def fetch_all(
    queues: Queues, progress: Progress, *, total_s: float, on_trial: Collection[str]
) -> Iterator[tuple[Wanted, FetchResult]]:
    """What became of each, as they come, for `total_s` seconds at most; the others stay due.

    Hosts take turns; of one on trial, one cover is asked for at a time. A call that can't be
    ended is left behind: it writes nothing.
    """
    deadline = time.monotonic() + total_s
    # Half at most: else those that stall longest would stay due, first in the row, for ever.
    limit_s = min(settings.GHOST.cover_fetch_timeout_s, total_s / 2)
    turns = deque(_hosts_in_turn(queues, on_trial))
    running: dict[Future[FetchResult | None], _Call] = {}
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="covers")
    try:
        while (left := deadline - time.monotonic()) > 0:
            while turns and len(running) < AT_ONCE:
                if queue := queues[turns.popleft()]:
                    call = _Call(queue.popleft(), limit_s, deadline)
                    running[pool.submit(call)] = call
            if not running:
                return
            done, _ = wait(running, min(left, REPORT_EVERY_S), FIRST_COMPLETED)
            progress.report()
            for future in done:
                wanted, result = running.pop(future).wanted, future.result()
                turns.append(wanted.host)
                if result is not None:
                    yield wanted, result
        yield from _overdue(running.values(), limit_s)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _hosts_in_turn(hosts: Iterable[str], on_trial: Collection[str]) -> Iterator[str]:
    """Each host as often as it may be asked at once."""
    for turn in range(AT_ONCE_PER_HOST):
        yield from (host for host in hosts if turn == 0 or host not in on_trial)


def _overdue(calls: Iterable[_Call], limit_s: float) -> Iterator[tuple[Wanted, FetchResult]]:
    for call in calls:
        if call.is_overdue:
            yield call.wanted, OutageError(failures.TIMED_OUT(seconds=limit_s))
