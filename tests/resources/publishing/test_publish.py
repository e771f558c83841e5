"""The way that API and admin share: stored, queued, waited for, undone."""

import math

import pytest
from django.db import OperationalError, transaction

from ghost.core.errors import ConflictError, OutageError, RefusedError
from ghost.core.http.limits.concurrency import WaitLimit
from resources.models import Block, ProbeStatus, Resource, findings
from resources.publishing import publish
from resources.torrents import metadata
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
        needs_probe = publish.store(row)
        early = list(prober.queued)

    assert (needs_probe, early, prober.queued) == (True, [], [row.pk])
    assert row.task_id == f"task-{row.pk}"


def test_store_without_a_prober_writes_nothing(prober):
    prober.is_able = False

    with pytest.raises(OutageError):
        publish.store(unsaved())

    assert Resource.objects.count() == 0


def test_store_of_the_same_magnet_asks_for_no_prober(prober):
    prober.is_able = False
    row = make.resource()
    row.title = "Other"

    assert publish.store(row) is False
    assert (Resource.objects.get().title, prober.queued) == ("Other", [])


def test_locked_queue_does_not_undo_what_is_stored(monkeypatch):
    def locked(self, resource_id):
        raise OperationalError("database is locked")

    monkeypatch.setattr(FakeProber, "enqueue", locked)
    by = make.publisher()

    row = publish.add(values(), by=by)
    task_id = publish.probe_one_again(row, by=by)

    assert (row.task_id, task_id) == (None, None)
    assert list(Resource.objects.due_for_probe()) == [row]


def test_all_places_taken_refuses_before_anything_is_written(monkeypatch):
    by, data = make.publisher(), values()
    monkeypatch.setattr(publish, "_waiting", WaitLimit(1))
    refused = []

    def come_too():
        with pytest.raises(OutageError, match="without waiting"):
            publish.add(values(category=data["category"]), by=by, wait_s=math.inf)
        refused.append(Resource.objects.count())

    meanwhile(monkeypatch, come_too)
    publish.add(data, by=by, wait_s=5)
    monkeypatch.undo()

    assert refused == [1]


def test_place_is_free_again_whatever_happened(prober, monkeypatch):
    by, data = make.publisher(), values()
    monkeypatch.setattr(publish, "_waiting", WaitLimit(1))

    for outcome in (False, OutageError("away")):
        prober.outcome = outcome
        with pytest.raises((RefusedError, OutageError), match=r"No peers|away"):
            publish.add(data | {"magnet_uri": make.magnet()}, by=by, wait_s=math.inf)
    for end in (None, True):
        prober.outcome = end
        publish.add(data | {"magnet_uri": make.magnet()}, by=by, wait_s=math.inf)

    assert Resource.objects.count() == 2


def test_who_does_not_wait_needs_no_place(monkeypatch):
    monkeypatch.setattr(publish, "_waiting", WaitLimit(0))

    publish.add(values(), by=make.publisher())

    assert Resource.objects.count() == 1


@pytest.mark.parametrize("outcome", [False, OutageError("away")])
def test_failed_change_that_can_not_be_undone_says_so(prober, monkeypatch, outcome):
    prober.outcome = outcome
    row = make.resource(title="Old")
    old = row.magnet_uri
    meanwhile(monkeypatch, lambda: Block.objects.add([row.magnet_hash], reason="", by=""))

    with pytest.raises((RefusedError, OutageError), match="It is kept nevertheless"):
        publish.change(row, {"magnet_uri": make.magnet()}, by=make.admin(), wait_s=math.inf)

    assert Resource.objects.get().magnet_uri != old


def test_failed_change_does_not_undo_a_later_one(prober, monkeypatch):
    prober.outcome = False
    row = make.resource(title="Old")

    def edit():
        theirs = Resource.objects.get()
        theirs.title = "Theirs"
        theirs.store()

    meanwhile(monkeypatch, edit)

    with pytest.raises(RefusedError, match="It is kept nevertheless"):
        publish.change(row, {"magnet_uri": make.magnet()}, by=make.admin(), wait_s=math.inf)

    assert Resource.objects.get().title == "Theirs"
    assert Resource.objects.get().probe_status == ProbeStatus.INACTIVE


def take_down():
    Resource.objects.all().take_down(reason="asked for", by="Olga")


def publish_unprobed():
    Resource.objects.all().skip_probe()


def edit():
    row = Resource.objects.get()
    row.title = "Theirs"
    row.store()


@pytest.mark.parametrize("outcome", [False, OutageError("away")])
@pytest.mark.parametrize("do", [take_down, publish_unprobed, edit])
def test_failed_wait_keeps_what_somebody_else_did_meanwhile(prober, monkeypatch, outcome, do):
    prober.outcome = outcome
    meanwhile(monkeypatch, do)

    with pytest.raises((RefusedError, OutageError), match="kept"):
        publish.add(values(), by=make.publisher(), wait_s=math.inf)

    row = Resource.objects.get()
    kept = {
        take_down: (row.takedown_reason, Block.objects.count()) == ("asked for", 1),
        publish_unprobed: row.is_public,
        edit: row.title == "Theirs",
    }
    assert kept[do]


@pytest.mark.parametrize("do", [take_down, publish_unprobed])
def test_failed_change_keeps_what_an_operator_did_meanwhile(prober, monkeypatch, do):
    prober.outcome = False
    row, new = make.resource(), make.magnet()
    meanwhile(monkeypatch, do)

    with pytest.raises(RefusedError, match="kept"):
        publish.change(row, {"magnet_uri": new}, by=make.admin(), wait_s=math.inf)

    assert Resource.objects.get().magnet_uri == new


def test_resource_deleted_while_somebody_waits_is_told(prober, monkeypatch):
    prober.outcome = None
    meanwhile(monkeypatch, lambda: Resource.objects.all().delete())

    with pytest.raises(ConflictError, match="deleted"):
        publish.add(values(), by=make.publisher(), wait_s=5)


def test_failed_new_one_leaves_no_metadata(prober, monkeypatch):
    v1, v2 = make.info_hash(), "ab" * 32
    make.resource(magnet_uri=f"magnet:?xt=urn:btmh:1220{v2}")

    def find_twin():
        row = Resource.objects.get(magnet_hash=v1)
        findings.record_metadata(row, make.torrent_metadata(v1, v1=v1, v2=v2))

    prober.outcome = None
    meanwhile(monkeypatch, find_twin)
    real = FakeProber.wait
    monkeypatch.setattr(FakeProber, "wait", lambda self, *a: bool(real(self, *a)))

    with pytest.raises(RefusedError, match=r"listed already, as resource \d+\.$"):
        publish.add(values(magnet_uri=make.magnet(v1)), by=make.publisher(), wait_s=math.inf)

    assert (Resource.objects.count(), metadata.load(v1)) == (1, None)
