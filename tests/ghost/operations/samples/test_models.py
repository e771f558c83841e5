"""For how long samples are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ghost.operations.samples.models import KEPT, Sample
from tests.ghost.operations.samples.rows import sample

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 15, 12, 5, tzinfo=UTC)


def test_each_is_kept_for_a_day_and_then_each_tenth():
    ages = {
        "new": timedelta(minutes=1), "of today": timedelta(hours=23), "a tenth": timedelta(days=2, minutes=5),
        "thinned": timedelta(days=2, minutes=6), "too old": timedelta(days=15, minutes=5),
    }  # fmt: skip
    for host, age in ages.items():
        sample(NOW - age, host=host)

    assert Sample.objects.all().outdated(NOW - KEPT).delete()[0] == 2
    assert set(Sample.objects.values_list("host", flat=True)) == {"new", "of today", "a tenth"}


def test_the_last_ones_are_told_by_host_with_the_newest_first():
    for minutes, host in ((1, "a"), (3, "a"), (2, "b"), (30, "a")):
        sample(NOW - timedelta(minutes=minutes), host=host, cpu_percent=minutes)

    found = Sample.objects.of_late(NOW, timedelta(minutes=5))

    told = {host: [row.cpu_percent for row in rows] for host, rows in found.items()}
    assert told == {"a": [1, 3], "b": [2]}


def test_how_much_memory_is_left():
    row = sample(NOW, memory_total_bytes=1000, memory_available_bytes=125)

    assert row.available_percent == 12.5
    assert Sample(memory_total_bytes=0, memory_available_bytes=0).available_percent == 100
