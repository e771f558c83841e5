"""When the jobs of a probe end: with the probe, or when nothing is left to be probed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dht import probe_jobs, reasons
from ghost.core.jobs import queue
from ghost.core.jobs.models import Job, JobKind
from resources.models import ProbeStatus, Resource, findings
from tests import make

pytestmark = pytest.mark.django_db


def ask(*rows: Resource) -> str:
    subjects = [probe_jobs.subject(row.pk) for row in rows]
    return queue.enqueue("builtins.len", kind=JobKind.PROBE, subjects=subjects)


@pytest.mark.parametrize(
    ("values", "has_ended"),
    [
        ({"probe_status": "pending"}, False),
        ({"probe_status": "ok", "probe_claim": "x"}, False),
        ({"probe_status": "timeout", "probe_due_at": timezone.now() - timedelta(1)}, False),
        ({"probe_status": "timeout", "probe_due_at": timezone.now() + timedelta(1)}, True),
        ({"probe_status": "pending", "takedown_at": timezone.now()}, True),
    ],
    ids=["pending", "claimed", "due", "pause", "taken down"],
)
def test_a_probe_has_ended_when_nobody_is_at_it_nor_will_be_soon(values, has_ended):
    assert probe_jobs.has_ended(Resource(**values)) == has_ended


def test_a_probe_that_could_not_be_tried_fails_its_job():
    row = make.resource(is_probed=False)
    ask(row)
    findings.record_probe_miss(row, ProbeStatus.UNAVAILABLE, reasons.NO_DHT())

    probe_jobs.settle(row)

    job = Job.objects.get()
    assert (job.is_ok, job.error) == (False, reasons.NO_DHT())
    assert job.result["probe_error"] == reasons.NO_DHT().plain()


def test_the_job_of_a_resource_that_is_gone_ends_with_that_reason():
    row = make.resource(is_probed=False)
    ask(row)
    subject = probe_jobs.subject(row.pk)
    Resource.objects.all().delete()

    probe_jobs.look_after([subject])

    assert (Job.objects.get().is_ok, Job.objects.get().error) == (False, reasons.GONE())


def test_while_none_has_ended_nothing_is_locked_to_see_that(django_assert_num_queries):
    rows = [make.resource(is_probed=False) for _ in range(3)]
    ask(*rows)
    subjects = [probe_jobs.subject(row.pk) for row in rows]

    with django_assert_num_queries(1):  # no transaction around it
        probe_jobs.look_after(subjects)

    assert Job.objects.get().finished_at is None


def test_a_job_of_many_ends_though_they_are_settled_in_parts(monkeypatch):
    monkeypatch.setattr(probe_jobs, "SETTLED_AT_ONCE", 2)
    rows = [make.resource(is_probed=False) for _ in range(5)]
    ask(*rows)
    Resource.objects.all().delete()

    probe_jobs.look_after([probe_jobs.subject(row.pk) for row in rows])

    assert Job.objects.get().result == {probe_jobs.GONE: 5}


def test_a_probe_is_under_way_while_its_claim_lasts():
    row = make.resource(is_probed=False)
    subject = probe_jobs.subject(row.pk)
    before = probe_jobs.is_under_way([subject])
    Resource.objects.all().claim_probes(10, 60)

    assert (before, probe_jobs.is_under_way([subject])) == (False, True)
