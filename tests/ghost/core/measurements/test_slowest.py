"""Slow calls: what is remembered of them, and how many."""

from __future__ import annotations

import pytest

from ghost.core.measurements import slowest
from ghost.core.measurements.slowest import MOST_PENDING, SLOW_S, SlowKind, note, pending


@pytest.fixture(autouse=True)
def nothing_seen():
    pending.take()


def test_what_was_quick_is_not_remembered():
    for kind in SlowKind:
        note(kind, "a", SLOW_S[kind] - 0.01)

    assert pending.take() == {}


def test_calls_of_one_name_are_one_with_the_longest_of_them():
    for seconds, where in ((1.0, "first"), (3.0, "second"), (2.0, "third")):
        note(SlowKind.REQUEST, "GET /a", seconds, where)

    (calls,) = pending.take().values()
    assert (calls.calls, calls.total_s, calls.longest_s, calls.where) == (3, 6.0, 3.0, "second")


def test_of_many_names_the_slowest_stay():
    for number in range(MOST_PENDING + 20):
        note(SlowKind.QUERY, f"query {number}", 1.0 + number)
    note(SlowKind.TASK, "a task", 1.0)

    seen = pending.take()
    names = {name for kind, name, _hour in seen if kind == SlowKind.QUERY}
    assert names == {f"query {number}" for number in range(20, MOST_PENDING + 20)}
    assert len(seen) == MOST_PENDING + 1


def test_what_could_not_be_written_is_joined_with_the_next():
    note(SlowKind.TASK, "a", 2.0)
    taken = pending.take()
    note(SlowKind.TASK, "a", 5.0)

    pending.give_back(taken)

    (calls,) = pending.take().values()
    assert (calls.calls, calls.longest_s) == (2, 5.0)


def test_long_names_are_cut():
    note(SlowKind.QUERY, "x" * 1000, 1.0, "y" * 1000)

    ((key, calls),) = pending.take().items()
    assert (len(key[1]), len(calls.where)) == (slowest.NAME_CHARS, slowest.WHERE_CHARS)
