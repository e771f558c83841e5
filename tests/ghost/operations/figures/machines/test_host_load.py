"""Memory and processors: what lasts is bad, and a peak is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from ghost.operations.figures.item import Moment, Status
from ghost.operations.figures.machines import host_load
from tests.ghost.operations.samples.rows import sample

pytestmark = pytest.mark.django_db
SHORT = {"memory_available_bytes": 100 << 20}
BUSY = {"cpu_percent": 99.0}


@pytest.fixture
def moment():
    return Moment(timezone.now(), is_starting=False)


def minutes(moment, number, **values):
    for minute in range(number):
        sample(moment.now - timedelta(minutes=minute, seconds=10), **values)


def test_nothing_is_known_without_samples(moment):
    assert host_load.memory(moment).status == Status.UNKNOWN
    assert host_load.cpu(moment).status == Status.UNKNOWN


def test_a_host_at_rest_is_in_order_and_told_row_by_row(moment):
    minutes(moment, 5)
    minutes(moment, 5, host="ghost-2", cpu_percent=40.0, load_5m=3.0)

    memory, cpu = host_load.memory(moment), host_load.cpu(moment)

    assert (memory.status, cpu.status) == (Status.OK, Status.OK)
    assert memory.counts == {"hosts": 2, "least_available_percent": 50.0, "ghost_bytes": 600}
    assert cpu.counts == {"hosts": 2, "most_percent": 40.0, "most_load_per_core": 1.5}
    assert [row["host"] for row in cpu.rows] == ["ghost-1", "ghost-2"]
    assert memory.rows[0]["processes"]["worker"]["number"] == 3


def test_memory_that_is_short_all_along_needs_somebody(moment):
    minutes(moment, 5, **SHORT)
    minutes(moment, 5, host="ghost-2")

    item = host_load.memory(moment)

    assert (item.status, item.is_bad) == (Status.DEGRADED, True)
    assert "ghost-1" in str(item.reason)
    assert "ghost-2" not in str(item.reason)
    assert item.advice
    assert item.since == moment.now - timedelta(minutes=4, seconds=10)


@pytest.mark.parametrize("number", [1, 2])
def test_a_few_bad_samples_are_a_peak(moment, number):
    minutes(moment, number, **SHORT)

    assert host_load.memory(moment).status == Status.OK


def test_one_good_sample_is_enough(moment):
    minutes(moment, 5, **SHORT)
    sample(moment.now - timedelta(seconds=1))

    assert host_load.memory(moment).status == Status.OK


def test_a_large_machine_has_enough_with_a_few_percent(moment):
    minutes(moment, 5, memory_total_bytes=256 << 30, memory_available_bytes=6 << 30)

    assert host_load.memory(moment).status == Status.OK


def test_processors_that_are_busy_for_long_need_somebody(moment):
    minutes(moment, 10, **BUSY)
    assert host_load.cpu(moment).status == Status.OK

    minutes(moment, 20, host="ghost-2", **BUSY)

    item = host_load.cpu(replace(moment, _seen={}))
    assert item.status == Status.DEGRADED
    assert "ghost-2" in str(item.reason)
    assert "ghost-1" not in str(item.reason)


def test_a_host_that_fell_silent_is_left_out(moment):
    sample(moment.now - timedelta(hours=1), **SHORT)

    assert host_load.memory(moment).status == Status.UNKNOWN
