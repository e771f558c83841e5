"""Where no worker is alive, whoever asks for work is told so, and what waits."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from ghost.core.heartbeats import workers
from ghost.core.heartbeats.models import WITHOUT_WORKERS, WORKERS_SEEN_FACT, Heartbeat
from tests import make
from tests.builds.catalog import torrent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody(settings):
    workers.look.forget()
    settings.PROBER = "tests.resources.prober.FakeProber"
    yield
    workers.look.forget()


def beat(**facts) -> None:
    started_at = timezone.now() - timedelta(hours=1)
    Heartbeat.objects.beat(
        Heartbeat.Kind.WORKER, 7, started_at=started_at, processes=[], facts=facts
    )


def post(client, token, path, body=None):
    return client.post(f"/api{path}", body, "application/json", **make.auth(token))


def new(category) -> str:
    return json.dumps({"title": "One", "magnet_uri": make.magnet(), "category_id": category.pk})


def test_create_says_that_the_probe_waits(client):
    answer = post(client, make.publisher(), "/resources", new(make.category()))

    assert answer.status_code == 201
    assert answer.json()["notes"] == [str(workers.PROBE_WAITS())]


def test_bulk_says_it_once(client):
    category = make.category()
    items = f"[{new(category)},{new(category)}]"

    answer = post(client, make.publisher(), "/resources/bulk", items).json()

    assert answer["notes"] == [str(workers.PROBE_WAITS())]
    assert [item["notes"] for item in answer["items"]] == [[], []]
    dry = post(client, make.publisher(), "/resources/bulk?dry_run=true", f"[{new(category)}]")
    assert dry.json()["notes"] == []


def test_a_torrent_file_and_an_edit_say_that_the_site_waits(client):
    owner, category = make.publisher(), make.category()
    _magnet, info = torrent("One")
    file = SimpleUploadedFile("one.torrent", b"d4:info%be" % info)

    sent = {"torrent": file, "category_id": category.pk}
    made = client.post("/api/resources/from-torrent", sent, **make.auth(owner)).json()
    path, fields = f"/api/resources/{made['id']}", json.dumps({"title": "Two"})
    changed = client.patch(path, fields, "application/json", **make.auth(owner)).json()
    drafted = json.dumps({"published_at": None})
    drafted = client.patch(path, drafted, "application/json", **make.auth(owner)).json()
    published = post(client, owner, f"/resources/{made['id']}/publish").json()

    told = [answer["notes"] for answer in (made, changed, drafted, published)]
    waits = [str(workers.SITE_WAITS())]
    assert told == [waits, waits, [], waits]


def test_a_probe_a_build_and_a_scan_say_that_they_wait(client):
    admin, row = make.admin(), make.resource()

    probe = post(client, admin, f"/resources/{row.pk}/probe").json()
    later, now = (post(client, admin, f"/build/trigger?now={now}") for now in ("false", "true"))
    scan = post(client, admin, "/admin/dht/scan-all").json()

    assert probe["notes"] == [str(workers.PROBE_WAITS())]
    assert (later.status_code, now.status_code) == (200, 202)
    assert later.json()["notes"] == now.json()["notes"] == [str(workers.BUILD_WAITS())]
    assert scan["notes"] == [str(workers.SCAN_WAITS())]


def test_nothing_is_said_while_a_worker_is_alive(client):
    beat()

    answer = post(client, make.publisher(), "/resources", new(make.category()))

    assert answer.json()["notes"] == []


def test_a_host_without_its_cluster_is_no_worker():
    seen_at = timezone.now() - 2 * WITHOUT_WORKERS
    beat(**{WORKERS_SEEN_FACT: seen_at.isoformat()})

    assert not workers.look.is_alive()


def test_the_database_is_asked_now_and_then(django_assert_num_queries):
    with django_assert_num_queries(1 if connection.vendor == "sqlite" else 2):  # and its clock
        assert {workers.look.is_alive() for _ in range(100)} == {False}

    beat()
    assert not workers.look.is_alive()
    workers.look.forget()
    assert workers.look.is_alive()
