"""A scan that is asked for from the outside: queued, joined, and waited for."""

from __future__ import annotations

import pytest

from dht import reasons
from dht.engine import session
from dht.health import requests
from dht.models import Scan
from ghost.core.errors import OutageError
from ghost.core.jobs.models import Job, JobKind
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)


def test_without_libtorrent_nothing_is_queued(monkeypatch):
    monkeypatch.setattr(session, "lt", None)

    with pytest.raises(OutageError, match="libtorrent can't be loaded"):
        requests.ask("Ada")

    assert (Scan.objects.count(), Job.objects.filter(kind=JobKind.SCAN).count()) == (0, 0)


def test_as_many_workers_are_queued_as_are_to_share_a_scan(configure):
    configure(dht_scan_workers=2)
    make.resource()

    scan = requests.ask("Ada")

    scan.refresh_from_db()
    assert (Job.objects.filter(kind=JobKind.SCAN).count(), scan.total, bool(scan.task_id)) == (
        2,
        1,
        True,
    )


def test_a_scan_under_way_is_joined_and_not_queued_again(configure):
    configure(dht_scan_workers=1)
    first = requests.ask("Ada")

    second = requests.ask("Bob", only=[make.resource().pk])

    assert (second.pk, second.joined, second.total) == (first.pk, True, 1)
    assert Job.objects.filter(kind=JobKind.SCAN).count() == 1


def test_who_waits_for_a_scan_that_failed_hears_why(monkeypatch):
    def fail(scan: Scan, _timeout_s: float) -> None:
        scan.fail(reasons.DHT_LOST())

    monkeypatch.setattr(requests, "_await", fail)

    with pytest.raises(OutageError, match="The DHT was lost"):
        requests.ask_for_all("Ada", wait_s=1)
