"""Health scans through the API: queued, waited for, and refused."""

import time
from types import SimpleNamespace

import pytest
from django_q.models import OrmQ

from dht.engine import session
from dht.health import requests
from dht.health import scanner as scan
from dht.models import HealthSample, Scan
from ghost.core.audit import trail
from ghost.core.audit.models import AuditEvent
from ghost.core.errors import OutageError
from ghost.core.http.limits.concurrency import WaitLimit
from tests import make

ADDRESS = "/api/admin/dht/scan-all"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ask(client):
    admin = make.admin(name="Root")
    return lambda **query: client.post(ADDRESS, query_params=query, **make.auth(admin))


def queued() -> list[dict]:
    """The scans' tasks that wait in the queue, among the rows' own."""
    tasks = [row.task for row in OrmQ.objects.all()]
    return [task for task in tasks if task["func"] == "dht.tasks.run_scan"]


@pytest.fixture
def poll(monkeypatch):
    """`poll(work)`: what happens elsewhere to the open scan whenever a caller looks at it."""

    def during(work):
        def sleep(_seconds):
            work(Scan.objects.open().get())

        clock = SimpleNamespace(sleep=sleep, monotonic=time.monotonic)
        monkeypatch.setattr(requests, "time", clock)

    return during


def test_a_scan_of_all_is_queued(ask):
    rows = [make.resource(), make.resource()]
    make.resource().take_down(reason="x", by="x")

    answer = ask()

    row, [task] = Scan.objects.get(), queued()
    assert (answer.status_code, answer.json()) == (
        202,
        {"queued": True, "scan_id": row.pk, "task_id": task["id"], "total": 2, "checked": 0,
         "joined": False, "found": 0, "active": 0, "stale": 0, "unknown": 0, "changed": 0,
         "notes": []},
    )  # fmt: skip
    assert (task["args"], row.trigger) == ((row.pk,), "Root")
    assert [part.resources for part in row.parts.all()] == [[r.pk for r in rows]]


def test_a_scan_under_way_is_joined_and_widened(ask):
    row = make.resource()
    first = ask().json()
    make.resource(is_probed=False)

    second = ask().json()

    assert second == first | {"total": 2, "joined": True}
    assert (Scan.objects.get().parts.count(), row.pk) == (2, row.pk)


def test_who_waits_gets_the_counts(ask, poll):
    row = make.resource()

    def work(scan):
        HealthSample.objects.create(resource=row, scan=scan, method="dht", status="Stale")
        scan.begin()
        scan.record(checked=1, stale=1, changed=1)
        scan.parts.all().delete()
        scan.finish()

    poll(work)

    answer = ask(wait="true", timeout_s="5")

    done = Scan.objects.get()
    assert (answer.status_code, answer.json()) == (
        200,
        {"queued": False, "state": "done", "scan_id": done.pk, "total": 1, "checked": 1,
         "found": 0, "active": 0, "stale": 1, "unknown": 0, "changed": 1, "seconds": done.seconds},
    )  # fmt: skip


def test_who_waits_too_shortly_learns_how_far_it_is(ask, poll):
    make.resource()
    poll(lambda scan: None)

    answer = ask(wait="true", timeout_s="0.05")

    assert (answer.status_code, answer.json()["queued"]) == (202, True)
    assert Scan.objects.get().is_open


def test_a_scan_that_somebody_stopped_says_so(ask, poll):
    make.resource()
    poll(Scan.stop)

    answer = ask(wait="true")

    assert (answer.status_code, answer.json()["state"]) == (200, "stopped")


def test_a_scan_that_fails_while_it_is_waited_for_is_an_outage(no_dht, ask, poll):
    make.resource()
    poll(scan.work)

    answer = ask(wait="true", timeout_s="30")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert answer.json()["detail"].startswith("The scan could not start: no DHT node answered.")
    assert Scan.objects.get().state == "failed"


@pytest.mark.parametrize("query", [{}, {"wait": "true"}])
def test_without_libtorrent_nothing_is_queued(ask, monkeypatch, query):
    monkeypatch.setattr(session, "lt", None)
    make.resource()

    answer = ask(**query)

    assert (answer.status_code, "libtorrent" in answer.json()["detail"]) == (503, True)
    assert (Scan.objects.count(), queued()) == (0, [])


@pytest.mark.parametrize("seconds", ["0", "-1", "300.1", "nan", "inf", "x"])
def test_a_time_out_without_sense_is_refused(ask, seconds):
    answer = ask(wait="true", timeout_s=seconds)

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["timeout_s"]
    assert Scan.objects.count() == 0


def test_only_a_few_wait_at_once_and_the_places_come_back(ask, poll, monkeypatch):
    monkeypatch.setattr(requests, "_waiting", WaitLimit(1))
    make.resource()
    refused = []

    def work(row):
        with pytest.raises(OutageError, match="Too many callers"):
            requests.ask_for_all("Ada", wait_s=1)
        refused.append(len(queued()))
        row.stop()

    poll(work)

    first, second = ask(wait="true"), ask(wait="true")

    assert (first.status_code, second.status_code) == (200, 200)
    assert refused == [1, 2]  # nothing was queued for the other one


def test_a_web_process_makes_no_session(ask, poll, monkeypatch):
    monkeypatch.setattr(session, "_session", None)
    make.resource()
    poll(Scan.stop)

    ask(wait="true")

    assert session._session is None


def test_asking_is_told_before_the_scan_is_waited_for(ask, poll):
    make.resource()
    seen = []

    def work(row):
        told = AuditEvent.objects.filter(object_type="scan")
        seen.append(list(told.values_list("action", "actor_name", "object_key")))
        row.stop()

    poll(work)

    ask(wait="true")

    assert seen == [[("scan.ask", "Root", str(Scan.objects.get().pk))]]
    assert AuditEvent.objects.filter(action="scan.ask").count() == 1


def test_what_cannot_be_told_is_not_queued(ask, monkeypatch):
    def fail(*_args):
        raise OutageError("The trail is full.")

    make.resource()
    monkeypatch.setattr(trail, "record", fail)

    answer = ask()

    assert answer.status_code == 503
    assert (Scan.objects.count(), queued()) == (0, [])
