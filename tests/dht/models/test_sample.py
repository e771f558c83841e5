"""Health samples: kept while their resource is there, and for a bounded time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dht.models import HealthSample, Method
from ghost.core.db import pacing
from tests import make

pytestmark = pytest.mark.django_db


def sample(**values) -> HealthSample:
    return HealthSample(**{"method": Method.DHT, "status": "Active", "was": "Active"} | values)


def test_a_sample_of_a_resource_that_is_gone_is_not_kept():
    there, gone = make.resource(), make.resource()
    lost = sample(resource=gone)
    type(gone).objects.filter(pk=gone.pk).delete()

    HealthSample.objects.keep(sample(resource=there))
    HealthSample.objects.keep(lost)

    assert [each.resource for each in HealthSample.objects.all()] == [there]


def test_changes_are_those_with_another_status_than_before():
    row = make.resource()
    changed = sample(resource=row, was="Stale")
    HealthSample.objects.bulk_create([sample(resource=row), changed])

    assert [each.was for each in HealthSample.objects.changes()] == ["Stale"]


def test_old_samples_are_pruned():
    row, now = make.resource(), timezone.now()
    ages = [timedelta(days=1), timedelta(days=9)]
    HealthSample.objects.bulk_create(sample(resource=row, checked_at=now - age) for age in ages)

    assert pacing.delete(HealthSample.objects.outdated(now - timedelta(days=5))) == 1
    assert HealthSample.objects.get().checked_at == now - ages[0]
