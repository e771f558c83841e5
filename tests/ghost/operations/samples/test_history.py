"""Samples over some hours, thinned to what a graph can show."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ghost.operations.samples import history
from ghost.operations.samples.history import MOST_POINTS
from ghost.operations.samples.models import Sample
from tests.ghost.operations.samples.rows import sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return timezone.now()


def test_each_host_is_told_with_its_newest_and_the_oldest_first(now):
    for minutes, percent in ((3, 10.0), (2, 20.0), (1, 30.0)):
        sample(now - timedelta(minutes=minutes), cpu_percent=percent)
    sample(now - timedelta(minutes=1), host="ghost-2")
    sample(now - timedelta(hours=3), host="ghost-3")

    one, two = history.histories(now, timedelta(hours=2))

    assert (one.host, two.host) == ("ghost-1", "ghost-2")
    assert [point.cpu_percent for point in one.samples] == [10.0, 20.0, 30.0]
    assert one.last.cpu_percent == 30.0
    assert one.last.memory_used_bytes == 4 << 30
    assert one.processes == [{"role": "worker", "number": 3, "bytes": 300, "largest_bytes": 120}]


def test_of_many_samples_some_are_one_point_and_no_full_disk_is_lost(now):
    usual = sample(now)
    Sample.objects.all().delete()
    copies = [
        Sample(**{field.name: getattr(usual, field.name) for field in Sample._meta.fields[1:]})
        for _ in range(1440)
    ]
    for number, copy in enumerate(copies):
        copy.at, copy.cpu_percent = now - timedelta(minutes=number), float(number % 2)
    copies[700].least_free_percent = 1.0
    Sample.objects.bulk_create(copies)

    (found,) = history.histories(now, timedelta(hours=24))

    assert MOST_POINTS * 0.9 < len(found.samples) <= MOST_POINTS + 1
    assert all(0.2 < point.cpu_percent < 0.8 for point in found.samples[1:-1])
    assert min(point.least_free_percent for point in found.samples) == 1.0
    assert [p.at for p in found.samples] == sorted(p.at for p in found.samples)


def test_it_takes_two_queries_for_each_host(now, django_assert_num_queries):
    for host in ("a", "b"):
        for minutes in range(5):
            sample(now - timedelta(minutes=minutes), host=host)

    with django_assert_num_queries(5):
        history.histories(now, timedelta(hours=1))
