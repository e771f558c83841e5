"""One open scan, cut into parts that workers share."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from dht.health import requests
from dht.models import HealthSample, Scan, ScanPart
from dht.models import scan as scan_module
from ghost.core.db import pacing
from ghost.core.text.reasons import words
from resources.models import Resource
from resources.states import DhtStatus
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def parts_of_two(monkeypatch):
    monkeypatch.setattr(scan_module, "PART", 2)


@pytest.fixture
def on_commit(django_capture_on_commit_callbacks):
    return lambda: django_capture_on_commit_callbacks(execute=True)


def contents(scan):
    return [part.resources for part in scan.parts.order_by("pk")]


def test_a_scan_is_cut_into_parts():
    rows = [make.resource(is_probed=False).pk for _ in range(5)]

    scan = Scan.objects.ask(trigger="Root")

    assert (contents(scan), scan.total, scan.state) == (
        [rows[:2], rows[2:4], rows[4:]],
        5,
        "open",
    )


def test_two_scans_at_once_are_one_that_has_what_both_asked_for():
    rows = [make.resource(is_probed=False).pk for _ in range(4)]

    first = Scan.objects.ask(only=rows[1:2], trigger="Root")
    second = Scan.objects.ask(trigger="schedule")

    assert (first.pk, second.total, second.trigger) == (second.pk, 4, "Root")
    assert contents(second) == [[rows[1]], [rows[0], rows[2]], [rows[3]]]


def test_what_the_open_scan_has_checked_is_not_asked_for_again_unless_named():
    rows = [make.resource(is_probed=False).pk for _ in range(2)]
    scan = Scan.objects.ask(trigger="Root")
    ScanPart.objects.all().delete()
    make.checked(Resource.objects.all(), DhtStatus.ACTIVE)

    joined = contents(Scan.objects.ask(trigger="schedule"))
    named = contents(Scan.objects.ask(only=rows[:1], trigger="Ada"))

    assert (joined, named, scan.pk) == ([], [rows[:1]], Scan.objects.get().pk)


def test_after_one_has_ended_the_next_is_another():
    first = Scan.objects.ask(trigger="Root")
    first.finish()

    second = Scan.objects.ask(trigger="Root")

    assert (first.state, second.pk != first.pk) == ("done", True)


@pytest.mark.django_db(transaction=True)
def test_what_is_to_be_checked_is_looked_up_while_others_can_write():
    row = make.resource()
    inside: list[bool] = []

    def note(execute, sql, *others):
        if 'FROM "resources_resource"' in sql:
            inside.append(connection.in_atomic_block)
        return execute(sql, *others)

    with connection.execute_wrapper(note):
        scan = Scan.objects.ask(trigger="test")

    assert [part.resources for part in scan.parts.all()] == [[row.pk]]
    assert set(inside) == {False}


def test_a_part_is_taken_by_one_worker_only():
    for _ in range(3):
        make.resource(is_probed=False)
    scan = Scan.objects.ask(trigger="Root")

    taken = [scan.claim(60) for _ in range(3)]

    assert [part and len(part.resources) for part in taken] == [2, 1, None]


def test_a_dead_workers_part_is_taken_again_but_not_for_ever():
    make.resource()
    scan = Scan.objects.ask(trigger="Root")

    taken = [scan.claim(-1) is not None for _ in range(scan_module.MAX_ATTEMPTS + 1)]
    scan.finish()

    assert taken == [True] * scan_module.MAX_ATTEMPTS + [False]
    assert (scan.state, str(scan.error)) == (
        "failed",
        "1 resource could not be checked: whatever worker took it died.",
    )


def test_only_what_nobody_has_checked_is_given_up():
    rows = [make.resource() for _ in range(2)]
    scan = Scan.objects.ask(trigger="Root")
    make.checked(Resource.objects.filter(pk=rows[0].pk), DhtStatus.ACTIVE)
    ScanPart.objects.update(attempts=scan_module.MAX_ATTEMPTS)

    scan.finish()

    assert str(scan.error).startswith("1 resource could not")


def test_asking_again_and_again_queues_workers_once(on_commit):
    make.resource()

    asked = []
    for _ in range(3):
        with on_commit():
            asked.append(requests.ask("Root").joined)

    assert (asked, OrmQ.objects.count()) == ([False, True, True], 1)


def test_asking_for_a_scan_that_nobody_is_at_queues_it_anew(on_commit):
    make.resource()
    left = Scan.objects.ask(trigger="Root")
    left.begin()

    with on_commit():
        requests.ask("Ada")

    assert OrmQ.objects.count() == 1


def test_as_many_workers_are_queued_as_may_share_a_scan(on_commit, configure):
    configure(dht_scan_workers=3)
    make.resource()

    with on_commit():
        requests.ask("Root")

    assert OrmQ.objects.count() == 3


def test_giving_back_is_not_dying():
    make.resource()
    scan = Scan.objects.ask(trigger="Root")

    for _ in range(scan_module.MAX_ATTEMPTS + 1):
        ScanPart.objects.all().give_back([present(scan.claim(60))])

    assert scan.claim(60) is not None


def test_a_scan_with_parts_left_does_not_end():
    make.resource()
    scan = Scan.objects.ask(trigger="Root")

    scan.finish()

    assert scan.is_open


def test_a_scan_does_not_fail_while_others_are_at_work():
    make.resource()
    scan = Scan.objects.ask(trigger="Root")
    part = present(scan.claim(60))

    refused = scan.fail(words("No DHT."))
    ScanPart.objects.all().give_back([part])

    assert (refused, scan.fail(words("No DHT.")), scan.state, str(scan.error)) == (
        False,
        True,
        "failed",
        "No DHT.",
    )


def test_stopping_leaves_no_parts():
    make.resource()
    scan = Scan.objects.ask(trigger="Root")

    assert (scan.stop(), scan.stop(), scan.state, ScanPart.objects.count()) == (
        True, False, "stopped", 0,
    )  # fmt: skip


def test_pruning_drops_ended_scans_and_keeps_samples_of_later():
    old, row = Scan.objects.ask(trigger="Root"), make.resource()
    old.finish()
    Scan.objects.update(ended_at=timezone.now() - timedelta(days=9))
    sample = HealthSample.objects.create(resource=row, scan=old, method="dht", status="Active")
    Scan.objects.ask(trigger="Root")

    dropped = pacing.delete(Scan.objects.outdated(timezone.now() - timedelta(days=7)))

    sample.refresh_from_db()
    assert (dropped, Scan.objects.count(), sample.scan) == (1, 1, None)


def test_what_is_in_doubt_comes_sooner_but_takes_half_of_the_places():
    old = timezone.now() - timedelta(days=30)
    rows = [make.resource() for _ in range(8)]
    for age, row in enumerate(rows):
        Resource.objects.filter(pk=row.pk).update(
            last_dht_check=old - timedelta(days=9 - age), dht_changed_at=old
        )
    Resource.objects.filter(pk__in=[row.pk for row in rows[5:]]).update(dht_misses=1)

    few, all_of_them = Resource.objects.for_check(4), Resource.objects.for_check(None)

    pks = [row.pk for row in rows]
    assert few == [pks[5], pks[6], pks[0], pks[1]]
    assert all_of_them == [*pks[5:], *pks[:5]]


def test_what_has_just_changed_is_in_doubt_and_the_long_stale_is_not():
    old = timezone.now() - timedelta(days=30)
    changed, stale, steady = (make.resource() for _ in range(3))
    Resource.objects.filter(pk=stale.pk).update(
        dht_status="Stale", dht_misses=5, dht_changed_at=old
    )
    Resource.objects.filter(pk=steady.pk).update(dht_changed_at=old)

    assert list(Resource.objects.all().in_doubt()) == [changed]


def test_asking_for_all_takes_the_same_queries_however_many_there_are(
    django_assert_num_queries, monkeypatch
):
    monkeypatch.setattr(scan_module, "PART", 500)
    counts = []
    for number in (1, 30):
        for _ in range(number):
            make.resource(is_probed=False)
        before = len(connection.queries_log)
        connection.force_debug_cursor = True
        Scan.objects.ask(trigger="Root").stop()
        connection.force_debug_cursor = False
        counts.append(len(connection.queries_log) - before)

    assert counts[0] == counts[1]


def test_a_check_in_the_future_was_a_wrong_clocks():
    row = make.resource()
    Resource.objects.update(last_dht_check=timezone.now() + timedelta(hours=1))

    scan = Scan.objects.ask(trigger="Root")

    assert contents(scan) == [[row.pk]]


def test_a_task_that_never_began_is_queued_again_after_a_while(on_commit):
    make.resource()
    with on_commit():
        lost = requests.ask("Root")
    OrmQ.objects.all().delete()
    Scan.objects.update(requested_at=timezone.now() - timedelta(hours=1))

    with on_commit():
        requests.ask("Root")

    assert (Scan.objects.count(), OrmQ.objects.count(), lost.is_new) == (1, 1, True)


def test_a_part_that_a_clock_claimed_that_ran_ahead_is_free():
    make.resource(is_probed=False)
    scan = Scan.objects.ask(trigger="Root")
    scan.claim(20)
    ScanPart.objects.update(claimed_until=timezone.now() + timedelta(hours=2))

    assert (scan.parts.held().count(), scan.parts.free().count()) == (0, 1)
    assert scan.claim(20) is not None
