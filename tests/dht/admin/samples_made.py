"""Samples and scans made by hand."""

import re
from datetime import timedelta

from django.utils import timezone

from dht.models import HealthSample, Scan


def sample(row, *, days=0.0, status="Active", **kwargs):
    """A look-up of `row`, so many days ago."""
    at = timezone.now() - timedelta(days=days)
    values = {"method": "dht", "was": status, "checked_at": at} | kwargs
    return HealthSample.objects.create(resource=row, status=status, **values)


def done(**kwargs):
    """A scan that has ended well."""
    now = timezone.now()
    times = {"started_at": now - timedelta(seconds=205), "ended_at": now}
    return Scan.objects.create(**{"state": "done", "trigger": "schedule"} | times | kwargs)


def words(response) -> str:
    """What is read on a page: without tags, one space between words."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())
