"""Blocking calls beside an event loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from dht.trackers.threads import Threads
from ghost.core.errors import OutageError


def test_a_call_returns_or_raises_what_it_did():
    async def both() -> tuple[int, type[BaseException]]:
        threads = Threads(1)
        found = await threads.run(lambda: 7)
        with pytest.raises(ZeroDivisionError) as caught:
            await threads.run(lambda: 1 // 0)
        return found, caught.type

    assert asyncio.run(both()) == (7, ZeroDivisionError)


def test_no_more_calls_run_at_a_time_than_allowed():
    running, most, lock = 0, 0, threading.Lock()
    gate = threading.Barrier(2)

    def call() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        gate.wait()
        with lock:
            running -= 1

    async def six() -> None:
        threads = Threads(2)
        await asyncio.gather(*(threads.run(call) for _ in range(6)))

    asyncio.run(six())

    assert most == 2


def test_where_no_thread_can_be_made_there_is_an_outage(monkeypatch):
    def refuse(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)

    with pytest.raises(OutageError, match="too many threads"):
        asyncio.run(Threads(1).run(lambda: 7))
