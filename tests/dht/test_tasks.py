"""The tasks of the queue: what is due is probed, whoever runs it and however often."""

from __future__ import annotations

import os
import signal
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from dht import tasks
from dht.engine import probes
from dht.engine import session as engine_session
from dht.engine.outcomes import ProbeOutcome
from dht.models import HealthSample, Scan
from ghost.core.catalog.models import Catalog
from ghost.core.errors import OutageError
from ghost.core.jobs import shutdown
from ghost.core.text.reasons import Reason, from_plain
from resources.models import DhtStatus, ProbeStatus, Resource
from resources.torrents import metadata
from tests import make
from tests.presence import present
from tests.results import said
from tests.threads import together

pytestmark = pytest.mark.django_db


def probed(**ended: int) -> str:
    """What the task says of so many that ended so."""
    none = dict.fromkeys(("ok", "inactive", "timeout", "unavailable"), 0)
    return str(Reason("dht.probed", none | ended))


def counts(result: object) -> dict[str, Any]:
    """What a scan's result counts."""
    return dict(present(from_plain(result)).params)


def pending(uri):
    return make.resource(magnet_uri=uri, is_probed=False)


@pytest.fixture
def quick(configure):
    configure(magnet_metadata_timeout_s=0.6)


def test_everything_that_is_due_is_probed_together(swarm):
    rows = [pending(seed.magnet_uri) for seed in swarm.seeds]

    report = said(tasks.run_probes(rows[0].pk))

    found = Resource.objects.order_by("pk").values_list(
        "probe_status",
        "total_size_bytes",
        "file_count",
        "dht_status",
        "probe_claim",
        "probe_due_at",
    )
    assert report == probed(ok=12)
    assert list(found) == [
        ("ok", seed.total_size_bytes, len(seed.files), "Active", "", None) for seed in swarm.seeds
    ]


def test_metadata_is_kept_with_its_info_section(swarm):
    seed = swarm.seeds[0]
    row = pending(seed.magnet_uri)

    tasks.run_probes(row.pk)

    kept = present(metadata.load(row.magnet_hash))
    assert (kept.name, kept.info in seed.body) == (seed.name, True)


@pytest.mark.parametrize("half", ["v1", "v2"])
def test_other_half_of_a_hybrid_is_known_after_its_probe(swarm, half):
    seed = next(s for s in swarm.seeds if s.v1 and s.v2)
    links = {"v1": f"magnet:?xt=urn:btih:{seed.v1}", "v2": f"magnet:?xt=urn:btmh:1220{seed.v2}"}
    row = pending(links[half])

    tasks.run_probes(row.pk)

    row.refresh_from_db()
    assert (row.probe_status, set(row.hashes)) == ("ok", {seed.v1, seed.v2})


def test_torrents_of_one_kind_have_no_other_half(swarm):
    rows = [pending(s.magnet_uri) for s in swarm.seeds if not (s.v1 and s.v2)]

    tasks.run_probes(rows[0].pk)

    found = list(Resource.objects.values_list("probe_status", "other_hash"))
    assert found == [("ok", "")] * len(rows)


def test_a_probe_leaves_a_health_sample(swarm):
    row = pending(swarm.seeds[0].magnet_uri)

    tasks.run_probes(row.pk)

    assert list(HealthSample.objects.values_list("resource", "method", "status", "num_peers")) == [
        (row.pk, "metadata", "Active", 1)
    ]


def test_a_second_run_has_nothing_to_do(swarm):
    row = pending(swarm.seeds[0].magnet_uri)
    tasks.run_probes(row.pk)
    revision = Catalog.get().revision

    report = said(tasks.run_probes(row.pk))

    assert (report, Catalog.get().revision) == ("nothing to do", revision)


def test_a_dead_magnet_is_tried_again_later(swarm, quick):
    row = pending(make.magnet())

    tasks.run_probes(row.pk)

    row.refresh_from_db()
    assert (row.probe_status, row.probe_attempts, row.is_public) == ("inactive", 1, False)
    assert timedelta(seconds=50) < row.probe_due_at - timezone.now() <= timedelta(seconds=60)


def test_without_a_dht_it_is_unavailable_and_tried_again(no_dht):
    row = pending(make.magnet())

    tasks.run_probes(row.pk)

    row.refresh_from_db()
    assert (row.probe_status, row.probe_claim) == (ProbeStatus.UNAVAILABLE, "")
    assert str(row.probe_error).startswith("The DHT can't be reached")
    assert row.probe_due_at > timezone.now()


def test_a_claim_keeps_others_away_until_it_expires():
    row = pending(make.magnet())
    claimed = Resource.objects.claim_probes(10, tasks.LEASE_S)

    while_claimed = Resource.objects.claim_probes(10, tasks.LEASE_S)
    Resource.objects.update(probe_claimed_until=timezone.now() - timedelta(seconds=1))
    once_expired = Resource.objects.claim_probes(10, tasks.LEASE_S)

    assert ([row], [], [row]) == (claimed, while_claimed, once_expired)


def test_a_run_that_is_ended_gives_its_probes_back(swarm, monkeypatch):
    row = pending(swarm.seeds[0].magnet_uri)

    def end(*_):
        raise SystemExit(1)

    monkeypatch.setattr(probes.Probes, "step", end)

    with pytest.raises(SystemExit):
        tasks.run_probes(row.pk)

    monkeypatch.undo()
    time.sleep(0.01)
    assert list(Resource.objects.due_for_probe()) == [row]


def test_sigterm_ends_a_run_in_good_order(swarm):
    row = pending(make.magnet())
    before = signal.getsignal(signal.SIGTERM)
    threading.Timer(0.3, signal.raise_signal, [signal.SIGTERM]).start()

    with pytest.raises(SystemExit):
        tasks.run_probes(row.pk)

    time.sleep(0.01)
    assert list(Resource.objects.due_for_probe()) == [row]
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_worker_that_is_to_stop_gives_its_probes_back(swarm, monkeypatch):
    row = pending(make.magnet())
    steps = iter([False, False, True])
    monkeypatch.setattr(shutdown, "is_asked", lambda: next(steps))

    report = said(tasks.run_probes(row.pk))

    time.sleep(0.01)
    assert (report, list(Resource.objects.due_for_probe())) == ("nothing to do", [row])


def test_a_long_probe_renews_its_claim(swarm, configure, monkeypatch):
    configure(magnet_metadata_timeout_s=1.2)
    monkeypatch.setattr(tasks, "LEASE_S", 0.8)
    monkeypatch.setattr(tasks, "RENEW_EVERY_S", 0.2)
    row, renewed = pending(make.magnet()), []
    real = type(Resource.objects.all()).renew_claims
    monkeypatch.setattr(
        type(Resource.objects.all()),
        "renew_claims",
        lambda self, rows, lease_s: renewed.append(lease_s) or real(self, rows, lease_s),
    )

    tasks.run_probes(row.pk)

    row.refresh_from_db()
    assert (row.probe_attempts, len(renewed) >= 3) == (1, True)


def test_what_becomes_due_meanwhile_joins_the_run(swarm, configure, monkeypatch):
    configure(magnet_metadata_timeout_s=2)
    monkeypatch.setattr(tasks, "CLAIM_EVERY_S", 0.1)
    row = pending(make.magnet())
    late: list[Any] = []
    real = probes.Probes.step

    def step(self, wait_s):
        if not late:
            late.append(pending(swarm.seeds[0].magnet_uri))
        return real(self, wait_s)

    monkeypatch.setattr(probes.Probes, "step", step)

    report = said(tasks.run_probes(row.pk))

    assert report == probed(ok=1, inactive=1)


def test_an_outcome_for_a_changed_magnet_is_ignored(swarm):
    row = pending(swarm.seeds[0].magnet_uri)
    (claimed,) = Resource.objects.claim_probes(1, 20)
    row.refresh_from_db()
    row.magnet_uri = make.magnet()
    row.store()

    is_kept = tasks.record(claimed, ProbeOutcome(claimed.magnet_hash, ProbeStatus.INACTIVE))

    row.refresh_from_db()
    assert (is_kept, row.probe_status, row.probe_attempts) == (False, "pending", 0)


def test_an_outcome_for_a_deleted_resource_is_ignored(swarm):
    row = pending(swarm.seeds[0].magnet_uri)
    (claimed,) = Resource.objects.claim_probes(1, 20)
    Resource.objects.filter(pk=row.pk).delete()

    outcome = ProbeOutcome(
        claimed.magnet_hash, ProbeStatus.OK, make.torrent_metadata(claimed.magnet_hash)
    )

    assert tasks.record(claimed, outcome) is False
    assert metadata.load(claimed.magnet_hash) is None


def test_an_outcome_for_a_torrent_that_got_its_other_half_is_ignored():
    row = pending(make.magnet())
    (claimed,) = Resource.objects.claim_probes(1, 20)
    row.refresh_from_db()
    row.magnet_uri += f"&xt=urn:btmh:1220{'ab' * 32}"
    row.store()

    is_kept = tasks.record(
        claimed,
        ProbeOutcome(
            claimed.magnet_hash, ProbeStatus.OK, make.torrent_metadata(claimed.magnet_hash)
        ),
    )

    row.refresh_from_db()
    assert (is_kept, row.probe_status, row.probed_at) == (False, "pending", None)


@pytest.mark.django_db(transaction=True)
def test_metadata_goes_to_disk_before_others_have_to_wait(monkeypatch):
    row = make.resource(is_probed=False)
    found = make.torrent_metadata(row.magnet_hash)
    inside: list[bool] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        inside.append(connection.in_atomic_block)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)

    assert tasks.record(row, ProbeOutcome(row.magnet_hash, ProbeStatus.OK, found))

    assert metadata.load(row.magnet_hash) == found
    assert inside
    assert not any(inside)


def test_without_libtorrent_nothing_stays_claimed(monkeypatch):
    row = pending(make.magnet())
    engine_session.close()
    monkeypatch.setattr(engine_session, "lt", None)

    with pytest.raises(OutageError):
        tasks.run_probes(row.pk)

    assert list(Resource.objects.due_for_probe()) == [row]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_probe_each_once(swarm, file_database):
    rows = [pending(seed.magnet_uri) for seed in swarm.seeds]

    taken = together(*[lambda: [row.pk for row in Resource.objects.claim_probes(100, 20)]] * 2)

    assert sorted(taken[0] + taken[1]) == [row.pk for row in rows]


def test_the_scan_task_reports(swarm):
    row = make.resource(magnet_uri=swarm.seeds[0].magnet_uri, is_probed=False)

    report = counts(tasks.scan_health())

    row.refresh_from_db()
    assert report | {"seconds": 0} == {
        "checked": 1, "found": 1, "active": 1, "stale": 0, "unknown": 0, "changed": 1, "seconds": 0,
    }  # fmt: skip
    assert row.dht_status == DhtStatus.ACTIVE


def test_the_scan_task_takes_a_sample_unless_told_otherwise(swarm, configure):
    configure(dht_sample_size=2)
    for seed in swarm.seeds:
        pending(seed.magnet_uri)

    checked = [
        counts(tasks.scan_health())["checked"],
        counts(tasks.scan_health(is_all=True))["checked"],
    ]

    assert checked == [2, 12]


def test_a_scan_that_cannot_start_says_why_and_is_no_failed_task(no_dht):
    make.resource()

    told = tasks.scan_health()

    failed = Scan.objects.get()
    assert (failed.state, said(told).startswith(f"{failed.error} (0 checked")) == ("failed", True)
