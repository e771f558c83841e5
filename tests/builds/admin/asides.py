"""Builds with steps and pages set aside."""

from datetime import timedelta

from django.utils import timezone

from builds.models import Build

START = "admin:builds_build_start"


def build(state: str = "done", **fields) -> Build:
    ended = None if state == "running" else timezone.now()
    fields = {"trigger": "test", "lease_until": timezone.now() + timedelta(minutes=1)} | fields
    return Build.objects.create(state=state, ended_at=ended, **fields)
