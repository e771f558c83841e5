"""Queries that took long."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection

from ghost.core.measurements import queries, slowest
from ghost.core.measurements.slowest import SlowKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def all_are_slow(monkeypatch):
    monkeypatch.setitem(slowest.SLOW_S, SlowKind.QUERY, 0.0)
    slowest.pending.take()


def test_every_connection_is_watched_once():
    connection.ensure_connection()
    queries.watch(connection)

    assert connection.execute_wrappers.count(queries.timed) == 1


def test_a_slow_query_is_told_without_its_values_and_with_who_asked(all_are_slow):
    list(User.objects.filter(username="secret"))

    (((kind, name, _hour), calls),) = slowest.pending.take().items()
    assert kind == SlowKind.QUERY
    assert name.startswith("SELECT")
    assert "secret" not in name
    assert "test_a_slow_query" in calls.where


def test_a_query_that_fails_is_timed_too(all_are_slow):
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT x FROM no_such_table")

    assert slowest.pending.take()


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT 1 WHERE x = %s", "SELECT 1 WHERE x = %s"),
        ("x IN (%s, %s, %s)", "x IN (%s…)"),
        ("VALUES (%s, %s), (%s, %s), (%s, %s)", "VALUES (%s…), …"),
    ],
)
def test_how_many_values_there_are_makes_no_other_query(sql, told):
    assert queries.shape(sql) == told
