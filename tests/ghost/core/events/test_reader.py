"""Events are read once each, in whichever order their transactions end."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from ghost.core.events import outbox
from ghost.core.events import reader as tails
from ghost.core.events.models import Event, EventKind
from ghost.core.events.reader import Tail
from tests.threads import Beginning

pytestmark = pytest.mark.django_db


def put(*numbers: int) -> None:
    """Events with these ids become visible now."""
    Event.objects.bulk_create(Event(pk=number, kind=EventKind.TASK) for number in numbers)


def seen(found: list[Event]) -> None:
    """Nothing has to be prepared."""


def read(tail: Tail) -> list[int]:
    return [event.pk for event in tail.read(seen)]


@pytest.fixture
def tail():
    put(100)
    tail = Tail()
    tail.begin()
    return tail


def test_what_was_there_is_not_new(tail):
    assert read(tail) == []
    assert tail.settled(tail.top) == 100


def test_first_event_of_all_may_have_any_id():
    tail = Tail()
    tail.begin()
    put(500)

    assert read(tail) == [500]
    assert tail.settled(500) == 500


def test_what_comes_is_read_once(tail):
    put(101, 102)

    assert read(tail) == [101, 102]
    assert read(tail) == []


def test_what_comes_late_is_read_too(tail):
    put(103, 106)
    assert read(tail) == [103, 106]
    put(102)
    assert read(tail) == [102]
    put(101, 105, 107)

    assert read(tail) == [101, 105, 107]
    put(104)
    assert read(tail) == [104]
    assert read(tail) == []


def test_one_goes_on_before_what_may_still_come(tail):
    put(103, 104)
    read(tail)
    assert [tail.settled(n) for n in (103, 104)] == [100, 100]
    put(101, 102)

    read(tail)

    assert [tail.settled(n) for n in (103, 104)] == [103, 104]


def test_what_never_comes_is_waited_for_only_so_long(tail, monkeypatch):
    monkeypatch.setattr(tails, "LATE_S", 0.0)
    put(103)
    read(tail)

    assert read(tail) == []
    assert tail.settled(103) == 103


def test_what_was_late_before_it_began_is_found(tail):
    put(102)
    fresh = Tail()
    fresh.begin()
    put(101)

    assert read(fresh) == [101]


def test_who_catches_up_finds_what_was_read_and_nothing_else(tail):
    put(101, 103)
    read(tail)
    put(102, 104)

    known = Event.objects.filter(tail.known(100)).order_by("pk")

    assert [event.pk for event in known] == [101, 103]


def test_gaps_are_bounded(tail, monkeypatch):
    monkeypatch.setattr(tails, "MOST_MISSING", 3)
    put(*range(102, 122, 2))

    read(tail)

    assert tail.settled(tail.top) == 114


@pytest.mark.django_db(transaction=True)
def test_transactions_that_end_in_another_order_lose_nothing():
    """Two at once, where there can be two; SQLite's writers wait for each other."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer")
    outbox.add(EventKind.TASK, {"name": "before"})
    tail = Tail()
    tail.begin()
    told, go = threading.Event(), threading.Event()

    def tell_slowly():
        with transaction.atomic():
            outbox.add(EventKind.TASK, {"name": "slow"})
            told.set()
            go.wait(5)

    slow = Beginning(tell_slowly)
    told.wait(5)
    outbox.add(EventKind.TASK, {"name": "quick"})
    first = [event.data["name"] for event in tail.read(seen)]
    go.set()
    slow.result()

    assert first == ["quick"]
    assert [event.data["name"] for event in tail.read(seen)] == ["slow"]
