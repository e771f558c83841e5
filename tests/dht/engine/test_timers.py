"""Planned calls: made in the order of their times, and not before."""

from __future__ import annotations

import time

from dht.engine.timers import Timers


def test_what_is_due_is_called_in_the_order_of_its_times():
    timers, now = Timers[str](), time.monotonic()
    timers.call_at(now - 1, lambda: "second")
    timers.call_at(now - 2, lambda: "first")
    timers.call_at(now - 1, lambda: "third")

    assert list(timers.due()) == ["first", "second", "third"]
    assert list(timers.due()) == []


def test_what_is_not_due_waits():
    timers = Timers[str]()
    timers.call_at(time.monotonic() + 1000, lambda: "later")

    assert list(timers.due()) == []
