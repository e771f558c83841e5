"""What all processes have counted together, and for how long slow calls are kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ghost.core.measurements.models import MOST_SLOW, SLOW_KEPT, CounterValue, SlowCall
from ghost.core.measurements.slowest import SlowCalls, SlowKind

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(minute=30)
HOUR = NOW.replace(minute=0, second=0, microsecond=0)


def seen(calls=1, longest_s=1.0, where=""):
    return SlowCalls(calls, calls * longest_s, longest_s, NOW, where)


def test_numbers_of_several_processes_are_added_in_one_statement(django_assert_num_queries):
    first = {("probes", ("ok",), ""): 2.0, ("times", (), "sum"): 0.5}
    CounterValue.objects.add(first)

    with django_assert_num_queries(1):
        CounterValue.objects.add({("probes", ("ok",), ""): 3.0, ("probes", ("timeout",), ""): 1.0})

    assert CounterValue.objects.all().by_series() == {
        ("probes", ("ok",), ""): 5.0,
        ("probes", ("timeout",), ""): 1.0,
        ("times", (), "sum"): 0.5,
    }


def test_a_label_may_look_like_a_separator():
    CounterValue.objects.add({("tasks", ("a|b",), ""): 1.0})

    assert CounterValue.objects.all().by_series() == {("tasks", ("a/b",), ""): 1.0}


def test_nothing_counted_asks_nobody(django_assert_num_queries):
    with django_assert_num_queries(0):
        CounterValue.objects.add({})


def test_slow_calls_of_several_processes_are_joined():
    key = (SlowKind.REQUEST, "GET /a", HOUR)
    SlowCall.objects.add({key: seen(2, 1.5, "first")})
    SlowCall.objects.add({key: seen(1, 4.0, "second")})
    SlowCall.objects.add({key: seen(1, 3.0, "third")})

    row = SlowCall.objects.get()
    assert (row.calls, row.total_s, row.longest_s, row.where) == (4, 10.0, 4.0, "second")


def test_the_slowest_are_told_by_name_over_the_hours():
    for hour, longest_s in ((HOUR, 2.0), (HOUR - timedelta(hours=1), 9.0)):
        SlowCall.objects.add({(SlowKind.TASK, "a", hour): seen(2, longest_s, f"{longest_s:g}")})
    SlowCall.objects.add({(SlowKind.TASK, "b", HOUR): seen(1, 5.0)})

    told = SlowCall.objects.since(NOW - timedelta(hours=2)).slowest(SlowKind.TASK, 10)
    of_late = SlowCall.objects.since(NOW - timedelta(minutes=10)).slowest(SlowKind.TASK, 1)

    assert [(name, calls.calls, calls.longest_s) for name, calls in told] == [
        ("a", 4, 9.0), ("b", 1, 5.0),
    ]  # fmt: skip
    assert (told[0][1].where, told[0][1].mean_s) == ("9", 5.5)
    assert [name for name, _calls in of_late] == ["b"]


def test_old_ones_go_and_of_past_hours_the_slowest_stay():
    past = HOUR - timedelta(hours=3)
    many = {
        (SlowKind.QUERY, f"query {number}", past): seen(1, 1.0 + number)
        for number in range(MOST_SLOW + 5)
    }
    SlowCall.objects.add(many)
    SlowCall.objects.add({(SlowKind.QUERY, "old", HOUR - timedelta(hours=60)): seen()})

    assert SlowCall.objects.all().outdated(NOW - SLOW_KEPT).delete()[0] == 6
    assert SlowCall.objects.count() == MOST_SLOW
    assert not SlowCall.objects.filter(longest_s__lt=6).exists()
