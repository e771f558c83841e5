"""Health scans: Active, Stale and Unknown only for their reasons."""

from __future__ import annotations

import math

import pytest
from django.db import OperationalError

from dht.engine import lookups
from dht.engine.lookups import Sighting
from dht.health import scanner, verdict
from dht.models import HealthSample, Scan, ScanPart
from ghost.core.catalog.models import Catalog
from ghost.core.errors import OutageError, RefusedError
from ghost.core.jobs import shutdown
from resources.models import Resource, findings
from resources.states import DhtStatus
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db

NOBODY, SILENCE = Sighting(0, 0, is_seen=False), Sighting(0, 0, is_seen=False, is_answered=False)
ONE, TWO = Sighting(1, 1, is_seen=False), Sighting(2, 3, is_seen=True)


def statuses():
    return list(Resource.objects.order_by("pk").values_list("dht_status", "dht_misses"))


def answer(monkeypatch, sighting, *, during=lambda: None, is_silent=False):
    """Let every look-up find that; only the entry point is faked."""

    class Answers(lookups.Lookups):
        def __init__(self, _timeout_s):
            self.keys = []

        def __len__(self):
            return len(self.keys)

        backlog = property(len)
        is_silent = property(lambda self: is_silent and bool(self.keys))

        def add(self, key):
            self.keys.append(key)

        def ask(self):
            during()

        def answers(self, _wait_s):
            return [] if is_silent else self.abandon()

        def abandon(self):
            keys, self.keys = self.keys, []
            return [(key, sighting) for key in keys]

    monkeypatch.setattr(lookups, "Lookups", Answers)


def test_all_kinds_are_seen_and_the_dead_are_not(swarm):
    for seed in swarm.seeds:
        make.resource(magnet_uri=seed.magnet_uri, is_probed=False)
    make.resource(is_probed=False)

    done = scanner.scan(None)

    assert statuses() == [("Active", 0)] * 12 + [("Unknown", 1)]
    assert done.plain() | {"seconds": 0} == {
        "checked": 13, "found": 12, "active": 12, "stale": 0, "unknown": 1, "changed": 12, "seconds": 0,
    }  # fmt: skip
    assert (done.state, done.total, done.parts.count()) == ("done", 13, 0)


def test_a_sample_is_kept_of_each_look_up(swarm):
    live = make.resource(magnet_uri=swarm.seeds[0].magnet_uri, is_probed=False)
    dead = make.resource(is_probed=False)

    done = scanner.scan(None)

    fields = ("scan", "method", "was", "status", "num_peers", "num_seeds")
    found = {s.resource_id: s for s in HealthSample.objects.all()}
    assert {pk: tuple(getattr(s, f) for f in fields) for pk, s in found.items()} == {
        live.pk: (done, "dht", "Unknown", "Active", 1, None),
        dead.pk: (done, "dht", "Unknown", "Unknown", 0, None),
    }
    assert (found[live.pk].num_nodes >= 2, found[dead.pk].num_nodes) == (True, 0)


def test_a_scan_knows_what_changed_in_it(swarm, configure):
    configure(dht_stale_after=1)
    live = make.resource(magnet_uri=swarm.seeds[0].magnet_uri, is_probed=False)
    dead = make.resource()
    make.resource(magnet_uri=swarm.seeds[1].magnet_uri)  # Active, and stays so

    done = scanner.scan(None)

    changes = done.samples.changes().order_by("resource_id")
    assert [(s.resource, s.was, s.status) for s in changes] == [
        (live, "Unknown", "Active"),
        (dead, "Active", "Stale"),
    ]


def test_stale_comes_only_after_misses_in_a_row(swarm, configure):
    configure(dht_stale_after=3)
    make.resource()  # Active by its metadata

    seen = [(scanner.scan(None).stale, statuses()[0]) for _ in range(3)]

    assert seen == [(0, ("Active", 1)), (0, ("Active", 2)), (1, ("Stale", 3))]


def test_being_seen_ends_the_row_of_misses(swarm, monkeypatch):
    make.resource()
    answer(monkeypatch, NOBODY)
    scanner.scan(None)
    answer(monkeypatch, TWO)
    scanner.scan(None)
    answer(monkeypatch, NOBODY)

    scanner.scan(None)

    assert statuses() == [("Active", 1)]


def test_a_single_answer_is_not_active(swarm, monkeypatch):
    make.resource(is_probed=False)
    answer(monkeypatch, ONE)

    scanner.scan(None)

    assert statuses() == [("Unknown", 1)]


def test_a_scan_without_dht_changes_nothing_and_says_so(no_dht):
    make.resource()
    before, revision = statuses(), Catalog.get().revision

    with pytest.raises(OutageError, match="no DHT node answered"):
        scanner.scan(None)

    assert (statuses(), Catalog.get().revision) == (before, revision)
    assert not HealthSample.objects.exists()


def test_a_queued_scan_without_dht_fails_and_says_so(no_dht):
    make.resource()
    asked = Scan.objects.ask(trigger="Root")
    before = statuses()

    scanner.work(asked)

    assert (asked.state, statuses(), ScanPart.objects.count()) == ("failed", before, 0)
    assert "no DHT node answered" in str(asked.error)


def test_what_was_asked_when_the_dht_was_lost_is_unknown_and_the_rest_untouched(swarm, monkeypatch):
    monkeypatch.setattr(scanner, "BACKLOG", 1)
    rows = [make.resource() for _ in range(2)]
    asked = Scan.objects.ask(only=[rows[0].pk], trigger="Root")
    Scan.objects.ask(only=[rows[1].pk], trigger="Root")
    answer(monkeypatch, SILENCE, is_silent=True)

    scanner.work(asked)

    assert statuses() == [("Unknown", 0), ("Active", 0)]
    assert (asked.state, asked.checked, asked.unknown) == ("failed", 1, 1)
    assert str(asked.error).startswith("The DHT was lost during the scan")


def test_the_longest_unchecked_come_first(swarm):
    rows = [make.resource(is_probed=False) for _ in range(4)]

    scanner.scan(2)
    scanner.scan(1)

    checked = Resource.objects.exclude(last_dht_check=None).order_by("pk")
    assert list(checked) == rows[:3]


def test_a_taken_down_resource_is_not_looked_up(swarm):
    make.resource().take_down(reason="asked to", by="Root")

    assert scanner.scan(None).checked == 0


def test_the_revision_moves_only_when_a_status_changes(swarm):
    make.resource()
    revision = Catalog.get().revision

    scanner.scan(None)
    after_one_miss = Catalog.get().revision
    scanner.scan(None)

    assert (after_one_miss, Catalog.get().revision) == (revision, revision + 1)


def test_metadata_that_came_meanwhile_wins(swarm, monkeypatch):
    row = make.resource(is_probed=False)
    answer(
        monkeypatch,
        NOBODY,
        during=lambda: findings.record_metadata(row, make.torrent_metadata(row.magnet_hash)),
    )

    done = scanner.scan(None)

    assert (statuses(), done.checked, done.stale) == ([("Active", 0)], 0, 0)
    assert not HealthSample.objects.exists()


def test_results_are_saved_as_they_come(swarm, monkeypatch):
    monkeypatch.setattr(scanner, "SAVE_EVERY_S", 0)
    live = make.resource(magnet_uri=swarm.seeds[0].magnet_uri, is_probed=False)
    for _ in range(3):
        make.resource(is_probed=False)

    def tell(done):
        if done.checked:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scanner.scan(None, tell=tell)

    left = Scan.objects.get()
    assert (left.state, left.checked) == ("stopped", HealthSample.objects.count())
    live.refresh_from_db()
    assert live.dht_status == "Active"


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, OperationalError])
def test_what_could_not_be_saved_is_left_to_the_next_worker(swarm, monkeypatch, error):
    for _ in range(3):
        make.resource(is_probed=False)
    asked = Scan.objects.ask(trigger="Root")
    save = verdict.save

    def fail(*args, **kwargs):
        monkeypatch.setattr(verdict, "save", save)
        raise error

    monkeypatch.setattr(verdict, "save", fail)
    with pytest.raises(error):
        scanner.work(asked)
    left = [(part.claimed_until, part.attempts) for part in asked.parts.all()]

    scanner.work(asked)

    assert left == [(None, int(error is OperationalError))]  # which may be the parts' own fault
    assert (asked.state, asked.checked, HealthSample.objects.count()) == ("done", 3, 3)


def test_what_another_worker_took_over_is_not_counted_twice(swarm, monkeypatch):
    make.resource(is_probed=False)
    asked = Scan.objects.ask(trigger="Root")
    answer(monkeypatch, NOBODY, during=lambda: ScanPart.objects.update(claim="another's"))

    scanner.work(asked, for_s=0.5)

    assert (asked.checked, HealthSample.objects.count(), statuses()) == (0, 0, [("Unknown", 0)])


def test_a_magnet_that_got_its_other_half_meanwhile_is_left_alone(swarm, monkeypatch):
    row = make.resource(is_probed=False)
    answer(
        monkeypatch,
        TWO,
        during=lambda: Resource.objects.filter(pk=row.pk).update(magnet_hash_v2="ab" * 32),
    )

    done = scanner.scan(None)

    assert (statuses(), done.checked, HealthSample.objects.count()) == ([("Unknown", 0)], 0, 0)


def test_no_more_than_can_be_held_is_taken(swarm, monkeypatch):
    monkeypatch.setattr(scanner, "MAX_HELD", 1)
    monkeypatch.setattr("dht.models.scan.PART", 1)
    for _ in range(4):
        make.resource(is_probed=False)
    held = []
    answer(monkeypatch, NOBODY, during=lambda: held.append(ScanPart.objects.all().held().count()))

    done = scanner.scan(None)

    assert (done.checked, max(held)) == (4, 1)


def test_an_interrupted_scan_is_taken_up_where_it_was_left(swarm, monkeypatch):
    monkeypatch.setattr("dht.models.scan.PART", 2)
    for seed in swarm.seeds[:5]:
        make.resource(magnet_uri=seed.magnet_uri, is_probed=False)
    asked = Scan.objects.ask(trigger="Root")
    killed = present(asked.claim(-1))  # its lease has run out
    make.checked(Resource.objects.filter(pk=killed.resources[0]), DhtStatus.ACTIVE)

    scanner.work(asked)

    assert (asked.state, asked.total, asked.checked, asked.active) == ("done", 5, 4, 4)


def test_a_worker_that_is_to_stop_gives_its_parts_back(swarm, monkeypatch):
    monkeypatch.setattr(shutdown, "is_asked", lambda: True)
    make.resource(is_probed=False)
    asked = Scan.objects.ask(trigger="Root")

    scanner.work(asked)

    assert (asked.is_open, asked.checked) == (True, 0)
    assert [(p.claimed_until, p.attempts) for p in asked.parts.all()] == [(None, 0)]


def test_a_stopped_scan_ends_and_its_workers_with_it(swarm, monkeypatch):
    monkeypatch.setattr(scanner, "BACKLOG", 1)
    rows = [make.resource() for _ in range(2)]
    asked = Scan.objects.ask(only=[rows[0].pk], trigger="Root")
    Scan.objects.ask(only=[rows[1].pk], trigger="Root")
    answer(monkeypatch, NOBODY, during=lambda: Scan.objects.get(pk=asked.pk).stop())

    scanner.work(asked)

    assert (asked.state, asked.checked, statuses()) == ("stopped", 0, [("Active", 0)] * 2)


def test_a_worker_forgets_the_parts_that_are_not_its_own_any_more(swarm, monkeypatch):
    monkeypatch.setattr(scanner, "RENEW_EVERY_S", 0)
    make.resource(is_probed=False)
    asked = Scan.objects.ask(trigger="Root")
    answer(monkeypatch, NOBODY)

    def answers(_self, _wait_s):
        ScanPart.objects.update(claim="another's")
        return []

    monkeypatch.setattr(lookups.Lookups, "answers", answers)

    scanner.work(asked)

    assert (asked.is_open, asked.checked) == (True, 0)


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
        scanner.scan(**nonsense)

    row.refresh_from_db()
    assert (statuses(), HealthSample.objects.count()) == ([("Active", 0)], 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "count", "size"), [({}, 30, 20), ({}, 141, 21), ({"dht_sample_size": 20}, 141, 20)]
)
def test_a_scheduled_scan_comes_round_in_a_week_unless_told_otherwise(
    configure, monkeypatch, given, count, size
):
    configure(**given)
    monkeypatch.setattr(type(Resource.objects.all()), "count", lambda rows: count)

    assert scanner.sample_size() == size
