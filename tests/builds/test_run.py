from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from builds import run
from builds.models import Build
from builds.run import Progress, Run, reason_of, without_paths
from ghost.core.errors import OutageError
from tests.installation import wait_for
from tests.locks import be_patient, held
from tests.presence import present

pytestmark = pytest.mark.django_db


@pytest.fixture
def build() -> Build:
    return present(Build.objects.claim("test"))


def test_a_listener_hears_of_a_step_when_it_begins_and_when_it_ends(build):
    heard = []
    under_way = Run(build, lambda step: heard.append((step.name, step.is_ok)))

    with under_way.step("export"):
        assert heard == [("export", None)]

    assert heard == [("export", None), ("export", True)]


def test_a_step_that_fails_keeps_its_last_words_without_the_machines_paths(build, settings):
    with pytest.raises(OSError, match="full"), Run(build).step("export"):
        raise OSError(f"{settings.GHOST.site_workdir}/x is full")

    step = build.steps.get()
    assert (step.is_ok, step.output) == (False, "<work>/x is full")


def test_work_of_a_build_given_up_for_dead_stops_at_its_next_report(build):
    Build.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    Build.objects.bury_dead()

    with pytest.raises(OutageError, match="no sign of life"):
        Run(build).report(1, 2)
    with pytest.raises(OutageError, match="no sign of life"), Run(build).writing():
        pass


@pytest.mark.django_db(transaction=True)
def test_a_claim_is_renewed_as_soon_as_others_let_it(file_database, monkeypatch):
    """And not only when the next renewal would be due: the lease may end before."""
    claimed = present(Build.objects.claim("test"))
    failed = threading.Event()
    real = Build.renew

    def renew(self):
        be_patient(1)
        try:
            return real(self)
        except DatabaseError:
            run.RENEW_EVERY_S = 3600
            failed.set()
            raise

    monkeypatch.setattr(Build, "renew", renew)
    monkeypatch.setattr(run, "RETRY_EVERY_S", 0.01)
    monkeypatch.setattr(run, "RENEW_EVERY_S", 0.01)

    with run.lease_renewed(claimed):
        with held("builds_build"):
            assert failed.wait(20)
            before = present(Build.objects.first()).lease_until
        wait_for("a renewal", lambda: present(Build.objects.first()).lease_until > before)


def test_items_are_reported_now_and_then():
    class Heard(Progress):
        def __init__(self):
            self.reports = []

        def report(self, done=0, total=0):
            self.reports.append((done, total))

    progress = Heard()

    for number in range(1001):
        progress.report_item(number, 1001)

    assert progress.reports == [(0, 1001), (500, 1001), (1000, 1001)]


def test_of_a_fault_of_ours_the_class_alone_is_said():
    assert reason_of(ZeroDivisionError("secret")).english == "ZeroDivisionError."


def test_paths_of_the_machine_are_named_by_what_they_are(settings):
    assert without_paths(f"{settings.GHOST.cover_dir}/1\0") == "<covers>/1"
