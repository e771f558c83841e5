"""The gate that API and admin share: stored, queued, waited for, undone."""

import math
import threading

import pytest
from django.db import OperationalError, transaction

from ghost.errors import OutageError, RefusedError
from resources import submissions
from resources.models import Block, ProbeStatus, Resource
from tests import make
from tests.resources.prober import FakeProber

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def prober(monkeypatch, settings):
    settings.PROBER = "tests.resources.prober.FakeProber"
    for name, value in [("queued", []), ("patience_s", []), ("outcome", True), ("is_able", True)]:
        monkeypatch.setattr(FakeProber, name, value)
    return FakeProber


def unsaved(**kwargs) -> Resource:
    there = {"category": make.category(), "publisher": make.publisher()}
    return Resource(title="x", magnet_uri=make.magnet(), **there | kwargs)


def values(**kwargs) -> dict:
    return {"title": "x", "magnet_uri": make.magnet(), "category": make.category()} | kwargs


def meanwhile(monkeypatch, do):
    """Let `do` happen while somebody waits."""
    real = FakeProber.wait

    def wait(self, resource_id, timeout_s):
        do()
        return real(self, resource_id, timeout_s)

    monkeypatch.setattr(FakeProber, "wait", wait)


def test_store_queues_after_the_commit(prober):
    row = unsaved()

    with transaction.atomic():
        needs_probe = submissions.store(row)
        early = list(prober.queued)

    assert (needs_probe, early, prober.queued) == (True, [], [row.pk])
    assert row.task_id == f"task-{row.pk}"


def test_store_without_a_prober_writes_nothing(prober):
    prober.is_able = False

    with pytest.raises(OutageError):
        submissions.store(unsaved())

    assert Resource.objects.count() == 0


def test_store_of_the_same_magnet_asks_for_no_prober(prober):
    prober.is_able = False
    row = make.resource()
    row.title = "Other"

    assert submissions.store(row) is False
    assert (Resource.objects.get().title, prober.queued) == ("Other", [])


def test_locked_queue_does_not_undo_what_is_stored(monkeypatch):
    def locked(self, resource_id):
        raise OperationalError("database is locked")

    monkeypatch.setattr(FakeProber, "enqueue", locked)
    by = make.publisher()

    row = submissions.add(values(), by=by)
    task_id = submissions.probe_again(row, by=by)

    assert (row.task_id, task_id) == (None, None)
    assert list(Resource.objects.due_for_probe()) == [row]


def test_all_seats_taken_refuses_before_anything_is_written(monkeypatch):
    by, data = make.publisher(), values()
    monkeypatch.setattr(submissions, "_seats", threading.BoundedSemaphore(1))
    refused = []

    def come_too():
        with pytest.raises(OutageError, match="without waiting"):
            submissions.add(values(category=data["category"]), by=by, wait_s=math.inf)
        refused.append(Resource.objects.count())

    meanwhile(monkeypatch, come_too)
    submissions.add(data, by=by, wait_s=5)
    monkeypatch.undo()

    assert refused == [1]


def test_seat_is_free_again_whatever_happened(prober, monkeypatch):
    by, data = make.publisher(), values()
    monkeypatch.setattr(submissions, "_seats", threading.BoundedSemaphore(1))

    for outcome in (False, OutageError("away")):
        prober.outcome = outcome
        with pytest.raises((RefusedError, OutageError), match=r"No peers|away"):
            submissions.add(data | {"magnet_uri": make.magnet()}, by=by, wait_s=math.inf)
    for outcome in (None, True):
        prober.outcome = outcome
        submissions.add(data | {"magnet_uri": make.magnet()}, by=by, wait_s=math.inf)

    assert Resource.objects.count() == 2


def test_who_does_not_wait_needs_no_seat(monkeypatch):
    monkeypatch.setattr(submissions, "_seats", threading.Semaphore(0))

    submissions.add(values(), by=make.publisher())

    assert Resource.objects.count() == 1


@pytest.mark.parametrize("outcome", [False, OutageError("away")])
def test_failed_change_that_can_not_be_undone_says_so(prober, monkeypatch, outcome):
    prober.outcome = outcome
    row = make.resource(title="Old")
    old = row.magnet_uri
    meanwhile(monkeypatch, lambda: Block.objects.add([row.magnet_hash], reason="", by=""))

    with pytest.raises((RefusedError, OutageError), match="The new magnet stays"):
        submissions.change(row, {"magnet_uri": make.magnet()}, by=make.admin(), wait_s=math.inf)

    assert Resource.objects.get().magnet_uri != old


def test_failed_change_does_not_undo_a_later_one(prober, monkeypatch):
    prober.outcome = False
    row = make.resource(title="Old")

    def edit():
        theirs = Resource.objects.get()
        theirs.title = "Theirs"
        theirs.store()

    meanwhile(monkeypatch, edit)

    with pytest.raises(RefusedError, match="The new magnet stays"):
        submissions.change(row, {"magnet_uri": make.magnet()}, by=make.admin(), wait_s=math.inf)

    assert Resource.objects.get().title == "Theirs"
    assert Resource.objects.get().probe_status == ProbeStatus.INACTIVE
