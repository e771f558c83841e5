"""Workers that are replaced for their memory."""

from __future__ import annotations

import pytest

from ghost.operations.workers.models import WorkerReplacement
from tests.ghost.operations.figures.moments import ago, item, told

pytestmark = pytest.mark.django_db


def replaced(number: int, host: str = "one", minutes_ago: float = 5) -> None:
    for pid in range(number):
        WorkerReplacement.objects.create(
            at=ago(minutes=minutes_ago), host=host, pid=pid + 1, memory_mb=700 + pid
        )


def test_none_was_replaced_at_first():
    assert told("processes") == ("ok", "processes.replaced")
    assert item("processes").counts == {"replaced_within_an_hour": 0, "most_bytes": 0}


def test_thrice_an_hour_degrades_health_and_it_is_over_an_hour_later(client):
    replaced(2)
    twice = told("processes")
    replaced(1)
    found, word = item("processes"), client.get("/health").json()
    WorkerReplacement.objects.update(at=ago(minutes=61))

    assert twice == ("ok", "processes.replaced")
    assert (str(found.status), found.reason.code) == ("degraded", "figures.processes.often")
    assert found.counts == {"replaced_within_an_hour": 3, "most_bytes": 701 << 20}
    assert (found.rows[0]["host"], found.rows[0]["memory_mb"]) == ("one", 700)
    assert word == {"status": "degraded"}
    assert told("processes") == ("ok", "processes.replaced")


def test_hosts_are_counted_each_for_itself():
    replaced(2)
    replaced(2, host="two")

    assert told("processes") == ("ok", "processes.replaced")


def test_what_a_clock_wrote_that_ran_ahead_counts_for_nothing():
    replaced(3, minutes_ago=-120)

    assert told("processes") == ("ok", "processes.replaced")
