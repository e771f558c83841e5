"""Health scans: Active, Stale and Unknown only for their reasons."""

from __future__ import annotations

import math

import pytest

from dht import lookups, scan
from dht.lookups import Sighting
from dht.models import HealthSample
from ghost import stopping
from ghost.errors import OutageError, RefusedError
from resources.models import Catalog, Resource
from tests import make

pytestmark = pytest.mark.django_db

NOBODY, ONE, TWO = Sighting(0, 0), Sighting(1, 1), Sighting(2, 3)


def statuses():
    return list(Resource.objects.order_by("pk").values_list("dht_status", "dht_misses"))


def answer(monkeypatch, sighting):
    """Let every look-up find that; only the door is faked."""
    monkeypatch.setattr(lookups, "look_up", lambda keys, _timeout: dict.fromkeys(keys, sighting))


def test_all_kinds_are_seen_and_the_dead_are_not(swarm):
    for seed in swarm.seeds:
        make.resource(magnet_uri=seed.magnet_uri, is_probed=False)
    make.resource(is_probed=False)

    report = scan.scan(None)

    assert statuses() == [("Active", 0)] * 12 + [("Unknown", 1)]
    assert (report.checked, report.active, report.unknown, report.changed) == (13, 12, 1, 12)


def test_a_sample_is_kept_of_each_look_up(swarm):
    live = make.resource(magnet_uri=swarm.seeds[0].magnet_uri, is_probed=False)
    dead = make.resource(is_probed=False)

    scan.scan(None)

    found = {s.resource_id: s for s in HealthSample.objects.all()}
    assert (found[live.pk].status, found[live.pk].num_peers) == ("Active", 1)
    assert found[live.pk].num_nodes >= 2
    assert (found[dead.pk].status, found[dead.pk].num_nodes, found[dead.pk].num_peers) == (
        "Unknown", 0, 0,
    )  # fmt: skip


def test_stale_comes_only_after_misses_in_a_row(swarm, configure):
    configure(dht_stale_after=3)
    make.resource()  # Active by its metadata

    seen = [(scan.scan(None).stale, statuses()[0]) for _ in range(3)]

    assert seen == [(0, ("Active", 1)), (0, ("Active", 2)), (1, ("Stale", 3))]


def test_being_seen_ends_the_row_of_misses(swarm, monkeypatch):
    make.resource()
    answer(monkeypatch, NOBODY)
    scan.scan(None)
    answer(monkeypatch, TWO)
    scan.scan(None)
    answer(monkeypatch, NOBODY)

    scan.scan(None)

    assert statuses() == [("Active", 1)]


def test_a_single_answer_is_not_active(swarm, monkeypatch):
    make.resource(is_probed=False)
    answer(monkeypatch, ONE)

    scan.scan(None)

    assert statuses() == [("Unknown", 1)]


def test_a_single_answer_is_looked_up_again(monkeypatch):
    asked = []
    rounds = iter([{"a": ONE, "b": TWO}, {"a": TWO}])
    monkeypatch.setattr(lookups, "_ask", lambda keys, _: asked.append(list(keys)) or next(rounds))

    found = lookups.look_up(["a", "b"], 1)

    assert (asked, found) == ([["a", "b"], ["a"]], {"a": TWO, "b": TWO})


def test_a_scan_without_dht_changes_nothing_and_says_so(no_dht):
    make.resource()
    before, revision = statuses(), Catalog.get().revision

    with pytest.raises(OutageError, match="no DHT node answered"):
        scan.scan(None)

    assert (statuses(), Catalog.get().revision) == (before, revision)
    assert not HealthSample.objects.exists()


def test_losing_the_dht_in_a_scan_makes_it_unknown(swarm, monkeypatch):
    make.resource()
    answer(monkeypatch, NOBODY)
    monkeypatch.setattr(scan.swarm.Session, "has_nodes", lambda *_: True)
    monkeypatch.setattr(scan.swarm.Session, "num_nodes", lambda _: 0)

    report = scan.scan(None)

    assert (statuses(), report.unknown) == ([("Unknown", 0)], 1)


def test_the_longest_unchecked_come_first(swarm):
    rows = [make.resource(is_probed=False) for _ in range(4)]

    scan.scan(2)
    scan.scan(1)

    checked = Resource.objects.exclude(last_dht_check=None).order_by("pk")
    assert list(checked) == rows[:3]


def test_a_taken_down_resource_is_not_looked_up(swarm):
    make.resource().take_down(reason="asked to", by="Root")

    assert scan.scan(None).checked == 0


def test_the_revision_moves_only_when_a_status_changes(swarm):
    make.resource()
    revision = Catalog.get().revision

    scan.scan(None)
    after_one_miss = Catalog.get().revision
    scan.scan(None)

    assert (after_one_miss, Catalog.get().revision) == (revision, revision + 1)


def test_metadata_that_came_meanwhile_wins(swarm, monkeypatch):
    row = make.resource(is_probed=False)

    def look_up(keys, _timeout):
        row.record_metadata(make.torrent_metadata(row.magnet_hash))
        return dict.fromkeys(keys, NOBODY)

    monkeypatch.setattr(lookups, "look_up", look_up)

    scan.scan(None)

    assert statuses() == [("Active", 0)]


def test_results_are_saved_batch_by_batch(swarm, monkeypatch):
    monkeypatch.setattr(scan, "BATCH", 2)
    for _ in range(3):
        make.resource(is_probed=False)

    def tell(report, total):
        told.append((report.checked, total, HealthSample.objects.count()))
        raise KeyboardInterrupt

    told = []
    with pytest.raises(KeyboardInterrupt):
        scan.scan(None, tell=tell)

    assert (told, HealthSample.objects.count()) == ([(2, 3, 2)], 2)


def test_a_worker_that_is_to_stop_ends_the_scan_after_a_batch(swarm, monkeypatch):
    monkeypatch.setattr(scan, "BATCH", 2)
    monkeypatch.setattr(stopping, "is_asked", lambda: HealthSample.objects.exists())
    for _ in range(3):
        make.resource(is_probed=False)

    assert scan.scan(None).checked == 2


@pytest.mark.parametrize(
    "nonsense",
    [
        {"limit": 0},
        {"limit": -1},
        {"limit": 1, "timeout_s": 0.0},
        {"limit": 1, "timeout_s": -1.0},
        {"limit": None, "timeout_s": math.nan},
        {"limit": None, "timeout_s": math.inf},
    ],
)
def test_nonsense_is_refused_and_changes_nothing(swarm, nonsense):
    row = make.resource()

    with pytest.raises(RefusedError, match="must"):
        scan.scan(**nonsense)

    row.refresh_from_db()
    assert (statuses(), HealthSample.objects.count()) == ([("Active", 0)], 0)
