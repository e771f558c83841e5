"""The watch: each chore at its pace, and none that stops another."""

import time

import pytest
from django.db import connection

from ghost.operations.chores.watch import LONGEST_SLEEP_S, Chore, Rota, keep

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test puts forward: `clock.now`."""

    class Clock:
        now = 1000.0

    monkeypatch.setattr(time, "monotonic", lambda: Clock.now)
    return Clock


def fail():
    raise ValueError("on purpose")


def test_each_chore_is_done_at_its_own_pace(clock):
    done = []
    rota = Rota(
        [Chore("a", 0.5, lambda: done.append("a")), Chore("b", 10, lambda: done.append("b"))]
    )

    for clock.now in (1000, 1000.1, 1000.5, 1001, 1010):
        rota.turn()

    assert "".join(done) == "abaaab"


def test_a_turn_says_when_the_next_is_due(clock):
    rota = Rota([Chore("a", 0.5, lambda: None), Chore("b", 10, lambda: None)])

    assert rota.turn() == 0.5
    clock.now += 0.2
    assert rota.turn() == pytest.approx(0.3)


def test_it_beats_between_chores_of_which_each_may_wait_for_a_lock(clock):
    told = []
    rota = Rota(
        [Chore(name, 1, lambda: told.append("done")) for name in "ab"], lambda: told.append("beat")
    )

    rota.turn()

    assert told == ["beat", "done"] * 2


def test_without_a_chore_it_still_beats():
    assert Rota([]).turn() <= LONGEST_SLEEP_S


def test_a_chore_that_fails_is_logged_and_stops_nobody(clock, caplog):
    done = []
    rota = Rota([Chore("broken", 1, fail), Chore("sound", 1, lambda: done.append(1))])

    rota.turn()

    assert done == [1]
    assert [record.message for record in caplog.records] == ["watch: broken failed"]
    assert "on purpose" in caplog.text


def test_a_chore_that_goes_on_failing_is_told_when_it_begins_and_when_it_is_over(clock, caplog):
    caplog.set_level("INFO", "ghost.operations.chores.watch")
    outcomes = iter(
        [ConnectionError, TimeoutError, *[ConnectionError, TimeoutError] * 300, None, None]
    )

    def ask():
        if error := next(outcomes):
            raise error

    rota = Rota([Chore("asking", 1, ask)])

    for _ in range(604):
        rota.turn()
        clock.now += 1

    assert [(each.levelname, each.message) for each in caplog.records] == [
        ("ERROR", "watch: asking failed"),
        ("ERROR", "watch: asking failed"),
        ("INFO", "watch: asking works again"),
    ]


def test_a_chore_that_fails_anew_is_logged_at_once(clock, caplog):
    fails = iter([True, False, True])

    def fail_sometimes():
        if next(fails):
            fail()

    rota = Rota([Chore("now and then", 1, fail_sometimes)])

    for _ in range(3):
        rota.turn()
        clock.now += 1

    assert len(caplog.records) == 2


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_broke_is_made_anew(file_database):
    seen = []

    def count():
        with connection.cursor() as cursor:
            seen.append(cursor.execute("SELECT 1").fetchone())

    rota = Rota([Chore("count", 0, count)])
    rota.turn()
    connection.connection.close()  # as a server that was restarted does
    rota.turn()  # it may fail, and is logged then
    before = len(seen)
    rota.turn()

    assert len(seen) == before + 1


def test_it_beats_before_each_turn(monkeypatch):
    class Enough(BaseException):
        """As a signal would, it ends the loop."""

    beats = []

    def beat():
        beats.append(1)
        if len(beats) == 3:
            raise Enough

    with pytest.raises(Enough):
        keep([Chore("quick", 0, lambda: None)], beat)

    assert len(beats) == 3
