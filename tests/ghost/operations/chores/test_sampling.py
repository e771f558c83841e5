"""Taking a sample of this host."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from ghost.core.heartbeats.models import Heartbeat, host_name
from ghost.operations.chores import sampling
from ghost.operations.samples.models import EVERY, Sample
from tests.ghost.operations.samples.rows import sample

pytestmark = pytest.mark.django_db


def test_it_tells_of_the_host_and_of_the_processes_that_heartbeats_name():
    Heartbeat.objects.beat(Heartbeat.Kind.WEB, os.getppid(), started_at=None, processes=[])

    row = sampling.take()

    assert row == Sample.objects.get()
    assert (row.host, row.cores >= 1) == (host_name(), True)
    assert 0 < row.memory_available_bytes < row.memory_total_bytes
    assert row.disks[0]["free_bytes"] > 0
    assert row.processes["web-parent"]["number"] == 1
    assert row.processes["web"]["largest_bytes"] > 1_000_000


def test_a_web_server_looks_only_where_no_watch_does():
    now = timezone.now()
    sample(now - EVERY, host=host_name())

    assert sampling.take_if_nobody_does() is None

    Sample.objects.update(at=now - 3 * EVERY)
    sample(now, host="elsewhere")

    assert sampling.take_if_nobody_does() is not None
    assert sampling.take_if_nobody_does() is None


def test_processes_of_a_heartbeat_that_stopped_are_not_looked_for():
    Heartbeat.objects.beat(Heartbeat.Kind.WORKER, os.getppid(), started_at=None, processes=[])
    Heartbeat.objects.update(last_seen_at=timezone.now() - timedelta(minutes=5))

    assert sampling.take().processes == {}
