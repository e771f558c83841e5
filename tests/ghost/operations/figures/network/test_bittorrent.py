"""libtorrent, and the DHT as workers see it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dht import reasons
from dht.engine import session
from dht.models import NodeCount
from tests.ghost.operations.figures.moments import ago, heartbeat, item, told

pytestmark = pytest.mark.django_db


def test_loaded():
    heartbeat(facts={"libtorrent": ""})

    assert told("libtorrent") == ("ok", "libtorrent.loaded")


def test_without_libtorrent_health_is_degraded(monkeypatch, client):
    monkeypatch.setattr(session, "lt", None)

    assert told("libtorrent") == ("down", "libtorrent.missing")
    assert client.get("/health").json() == {"status": "degraded"}


def test_a_worker_s_host_that_lacks_it_is_named_while_it_lives():
    row = heartbeat(host="two", facts={"libtorrent": "libssl is missing"})
    living = told("libtorrent"), str(item("libtorrent").reason)
    row.last_seen_at = ago(minutes=5)
    row.save()

    assert living == (("down", "libtorrent.missing_on"), "can't be loaded on two")
    assert told("libtorrent") == ("ok", "libtorrent.loaded")


@pytest.mark.parametrize(("before", "now"), [("", "no module"), ("no module", "")])
def test_of_workers_that_were_started_anew_counts_what_was_said_last(before, now):
    heartbeat(pid=1, seen_ago=timedelta(seconds=30), facts={"libtorrent": before})
    heartbeat(pid=2, facts={"libtorrent": now})

    assert item("libtorrent").is_bad is bool(now)


def test_nobody_has_counted_nodes_yet():
    assert told("dht") == ("unknown", "nothing_seen")


def test_nodes_that_answer():
    NodeCount.objects.note(42)

    assert told("dht") == ("ok", "dht.nodes")
    assert item("dht").counts == {"nodes": 42}


def test_without_nodes_health_is_degraded_since_the_last_was_seen(client):
    NodeCount.objects.note(42)
    NodeCount.objects.note(0, reasons.NO_DHT())
    first = item("dht").since
    NodeCount.objects.note(0, reasons.NO_DHT())

    assert told("dht") == ("degraded", "dht.none")
    assert item("dht").since == first
    assert item("dht").last_error == reasons.NO_DHT()
    assert client.get("/health").json() == {"status": "degraded"}


def test_an_old_count_says_nothing():
    NodeCount.objects.note(0, reasons.NO_DHT())
    NodeCount.objects.update(counted_at=ago(hours=2))

    assert told("dht") == ("unknown", "nothing_seen")
