"""Writing down what a process counted: together, later if it must be, and when it ends."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from django.db import OperationalError, connection

from ghost.core.measurements import counters, slowest, writing
from ghost.core.measurements.models import CounterValue, SlowCall
from ghost.core.measurements.slowest import SlowKind

pytestmark = pytest.mark.django_db
SERIES = ("probes", ("ok",), "")


@pytest.fixture(autouse=True)
def nothing_counted():
    counters.pending.take(), slowest.pending.take()


def test_all_of_it_is_written_and_once():
    counters.pending.add(SERIES, 2)
    slowest.note(SlowKind.TASK, "a", 9.0)

    assert [writing.write(), writing.write()] == [True, False]
    assert CounterValue.objects.all().by_series()[SERIES] == 2
    assert SlowCall.objects.get().name == "a"


def test_a_database_that_fails_loses_and_doubles_nothing(monkeypatch):
    def away(*_):
        raise OperationalError("away")

    counters.pending.add(SERIES, 2)
    with monkeypatch.context() as broken:
        broken.setattr(SlowCall.objects, "add", away, raising=False)
        broken.setattr(type(SlowCall.objects), "add", away)
        slowest.note(SlowKind.TASK, "a", 9.0)
        with pytest.raises(OperationalError):
            writing.write()
    counters.pending.add(SERIES, 1)

    writing.write()

    assert CounterValue.objects.all().by_series()[SERIES] == 3
    # What the busy machine itself made slow may stand beside it.
    assert SlowCall.objects.get(kind=SlowKind.TASK, name="a").calls == 1


@pytest.mark.skipif(connection.vendor != "sqlite", reason="locks the file")
def test_while_others_write_it_is_kept_and_said_in_a_line(file_database, caplog):
    connection.ensure_connection()
    connection.connection.execute("PRAGMA busy_timeout = 50")
    counters.pending.add(SERIES, 1)

    with closing(sqlite3.connect(file_database)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing.write_or_log()
        other.rollback()

    assert "could not be written yet" in caplog.text
    writing.write_or_log()
    assert CounterValue.objects.all().by_series()[SERIES] == 1
