from __future__ import annotations

import pytest
from django.db import connection

from ghost.core.db import pacing
from ghost.core.db.pacing import HOLD_S, PacedWriter
from ghost.core.events.models import Event, EventKind

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock(monkeypatch):
    """`clock.now` is what it shows; `clock.slept` are the rests so far."""

    class Clock:
        now = 0.0

        def __init__(self) -> None:
            self.slept: list[float] = []

    shown = Clock()
    monkeypatch.setattr(pacing, "monotonic", lambda: shown.now)
    monkeypatch.setattr(pacing, "sleep", shown.slept.append)
    return shown


def sizes(clock, each_s: float, total: int, **given) -> list[int]:
    """Of the parts of work where each item takes so long to write."""
    writer, found = PacedWriter(), []
    for part in writer.in_parts(list(range(total)), 100, **given):
        with writer.writing():
            clock.now += each_s * len(part)
        found.append(len(part))
    assert sum(found) == total
    return found


@pytest.mark.skipif(connection.vendor != "sqlite", reason="others don't wait for one lock")
def test_the_lock_stays_free_for_as_long_as_it_was_held(clock):
    writer = PacedWriter()

    with writer.writing():
        clock.now += 0.2

    assert clock.slept == [pytest.approx(0.2)]


def test_who_is_in_a_transaction_already_does_not_rest(clock):
    writer = PacedWriter()

    with writer.writing(), writer.writing():
        clock.now += 0.2

    assert len(clock.slept) <= 1


def test_what_is_over_at_once_needs_no_rest(clock):
    with PacedWriter().writing():
        clock.now += 0.001

    assert clock.slept == []


def test_parts_that_take_too_long_get_smaller(clock):
    found = sizes(clock, 0.01, 300)

    assert found[0] == 100
    assert max(found[1:]) * 0.01 <= HOLD_S


def test_parts_that_are_over_at_once_grow(clock):
    assert sizes(clock, 0.00001, 1500) == [100, 200, 400, 800]


def test_parts_count_by_weight(clock):
    assert sizes(clock, 0.0005, 10, weigh=lambda item: 50) == [2, 4, 4]


def test_many_rows_are_dropped_in_parts(monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(pacing, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(PacedWriter, "_next_size", lambda self, size: size)
    Event.objects.bulk_create(Event(kind=EventKind.BUILD) for _ in range(5))
    kept = Event.objects.create(kind=EventKind.TASK)

    assert pacing.delete(Event.objects.filter(kind=EventKind.BUILD)) == 5
    assert list(Event.objects.all()) == [kept]
