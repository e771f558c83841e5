"""Whether anybody works: what heartbeats tell."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ghost.operations import figures
from tests.ghost.operations.figures.moments import ago, heartbeat, item, told

pytestmark = pytest.mark.django_db

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def test_a_host_that_lives_is_in_order_and_says_what_its_processes_do():
    heartbeat(processes=[{"name": "one:8", "state": "busy"}, {"name": "one:9", "state": "idle"}])

    found = item("workers")

    assert told("workers") == ("ok", "workers.alive")
    assert found.counts == {
        "living": 1, "dead": 0, "processes": 2, "busy": 1, "silent_s": pytest.approx(0, abs=5),
    }  # fmt: skip
    assert [process["name"] for process in found.rows[0]["processes"]] == ["one:8", "one:9"]


def test_a_dead_worker_degrades_health(client):
    heartbeat("web")
    heartbeat(seen_ago=2 * MINUTE)

    assert told("workers") == ("down", "workers.none")
    assert figures.gather().word == "degraded"
    assert client.get("/health").json() == {"status": "degraded"}


def test_a_new_start_of_the_web_server_hides_no_dead_worker():
    heartbeat("web", started_ago=timedelta(seconds=5))
    heartbeat(seen_ago=HOUR)

    assert told("workers") == ("down", "workers.none")


def test_one_of_two_hosts_may_be_gone():
    heartbeat(seen_ago=HOUR)
    heartbeat(host="two")

    assert told("workers") == ("ok", "workers.alive")
    assert item("workers").counts["dead"] == 1


@pytest.mark.parametrize(
    ("since_s", "expected"),
    [(5, ("unknown", "nothing_seen")), (80, ("unknown", "nothing_seen")), (100, ("down", "workers.never"))],
)  # fmt: skip
def test_a_new_installation_has_90_s_to_start_its_worker(since_s, expected):
    heartbeat("web", started_ago=timedelta(seconds=since_s))

    assert told("workers") == expected
    assert (figures.gather().word == "ok") == (expected[0] == "unknown")


def test_where_nothing_ever_ran_nothing_is_known():
    assert told("workers") == ("unknown", "nothing_seen")
    assert told("web") == ("unknown", "nothing_seen")


def test_the_groups_of_web_processes():
    heartbeat("web")
    heartbeat("web", host="two", seen_ago=HOUR)

    assert told("web") == ("ok", "web.alive")
    assert item("web").counts == {"living": 1, "dead": 1, "processes": 0, "busy": 0}


@pytest.mark.parametrize(
    ("ahead_s", "status"), [(2, "ok"), (-9, "ok"), (11, "degraded"), (-60, "degraded")]
)
def test_a_host_whose_clock_is_wrong_is_named(ahead_s, status):
    heartbeat(host="two", clock_ahead_s=ahead_s)

    assert told("workers")[0] == status
    assert ("two" in str(item("workers").reason)) == (status == "degraded")


def test_a_watch_without_workers_is_down_after_a_minute():
    row = heartbeat(facts={"workers_seen_at": ago(seconds=30).isoformat()})
    restarting = told("workers")
    row.facts = {"workers_seen_at": ago(seconds=70).isoformat()}
    row.save()

    assert (restarting, told("workers")) == (
        ("ok", "workers.alive"),
        ("down", "workers.no_cluster"),
    )


def test_another_host_may_work_in_its_place():
    heartbeat(facts={"workers_seen_at": ago(hours=1).isoformat()})
    heartbeat(host="two", facts={"workers_seen_at": ago(seconds=1).isoformat()})

    assert told("workers") == ("ok", "workers.alive")


def test_a_clock_that_jumped_is_told_while_its_host_tells_it(client):
    row = heartbeat(facts={"clock_jump_s": 3600.0})
    found = item("workers")
    row.facts = {"clock_jump_s": None}
    row.save()

    assert (str(found.status), found.reason.code) == ("degraded", "figures.workers.clock_jumped")
    assert found.rows[0]["clock_jump_s"] == 3600.0
    assert told("workers") == ("ok", "workers.alive")
