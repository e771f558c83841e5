"""Jobs: a row from the moment of asking to the end of the work, and what is told meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ghost.core import process
from ghost.core.db import pacing
from ghost.core.jobs import models
from ghost.core.jobs.models import Job, JobPart, JobStatus
from tests.ghost.core.jobs.steps import ask, begin

pytestmark = pytest.mark.django_db


def test_rank_counts_those_who_wait():
    first, second, third = ask(), ask(), ask()
    begin(first)

    assert [job.place() for job in (first, second, third)] == [(None, 2), (1, 2), (2, 2)]


def test_rank_takes_one_query_and_is_bounded(django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(models, "MAX_RANK", 2)
    last = [ask() for _ in range(4)][-1]

    with django_assert_num_queries(1):
        assert last.place() == (None, 2)


def test_job_of_a_killed_worker_is_lost_until_it_is_handed_out_again():
    job = ask()
    begin(job)
    Job.objects.update(worker=f"{process.machine()}:4194303:1")
    lost = Job.objects.get().status
    begin(job)

    assert (lost, Job.objects.get().status) == (JobStatus.LOST, JobStatus.RUNNING)


def test_job_of_another_host_is_lost_when_its_lease_has_ended():
    job = ask()
    begin(job)
    Job.objects.update(worker="elsewhere:1")
    before = Job.objects.get().status
    Job.objects.update(started_at=timezone.now() - timedelta(seconds=4001))

    assert (before, Job.objects.get().status) == (JobStatus.RUNNING, JobStatus.LOST)


def test_subjects_are_not_lost_with_a_worker():
    job = ask("resource:1")
    begin(job)
    Job.objects.update(worker="elsewhere:1", started_at=timezone.now() - timedelta(days=1))

    assert Job.objects.get().status == JobStatus.RUNNING


def test_prune_drops_old_jobs_with_their_parts():
    old = ask("resource:1")
    Job.objects.filter(pk=old.pk).update(asked_at=timezone.now() - timedelta(days=91))
    kept = ask()

    dropped = pacing.delete(Job.objects.outdated(timezone.now() - timedelta(days=90)))

    assert (dropped, JobPart.objects.count()) == (1, 0)
    assert list(Job.objects.all()) == [kept]
