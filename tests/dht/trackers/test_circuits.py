"""Trackers that fail are left alone by every process, and no question costs a query."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from dht.trackers import circuits as tracker_circuits
from dht.trackers import hosts as tracker_hosts
from dht.trackers.circuits import SharedCircuits
from dht.trackers.client import PeersOfTracker, TrackerFailed
from ghost.core.circuits import Circuit, Kind
from ghost.core.text.reasons import words
from tests.dht.trackers.test_udp import announced, answering
from tests.trackers import KEYS, await_events, await_unlisted

pytestmark = pytest.mark.django_db

NAME = "udp://tracker.example:80"


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(tracker_circuits, "SYNC_EVERY_S", 0.0)


def process(*failures: str) -> SharedCircuits:
    """A process that met these failures, and told of them."""
    shared = SharedCircuits()
    shared.sync()
    for reason in failures:
        shared.failed(NAME, words(reason))
    shared.sync()
    return shared


def let_pause_end() -> None:
    Circuit.objects.update(open_until=timezone.now() - timedelta(seconds=1))


def test_failures_of_several_processes_open_one_circuit():
    first, second = process("slow"), process("slow", "No answer.")
    first.sync()

    refusals = first.refusal(NAME), second.refusal(NAME), process().refusal(NAME)

    assert set(refusals) == {
        "It failed 3 times in a row and is left alone for 10 minutes more: No answer."
    }
    assert first.refusal("udp://another.example:80") == ""


def test_questions_cost_no_query(django_assert_num_queries):
    shared = process("a", "b", "c")

    with django_assert_num_queries(0):
        for _ in range(1000):
            shared.refusal(NAME)
            shared.failed(NAME, words("d"))
            shared.succeeded(NAME)


def test_a_sync_with_nothing_to_tell_is_one_query_and_not_too_often(
    django_assert_max_num_queries, django_assert_num_queries, monkeypatch
):
    shared = process("a", "b", "c")

    with django_assert_max_num_queries(2):  # PostgreSQL is asked what time it is
        shared.sync()
    monkeypatch.setattr(tracker_circuits, "SYNC_EVERY_S", 60.0)
    with django_assert_num_queries(0):
        shared.sync()


def test_when_the_pause_is_over_one_process_tries_what_it_wants():
    processes = [process("a", "b", "c"), process(), process()]
    let_pause_end()
    for shared in processes:
        shared.sync()
    before = [bool(shared.refusal(NAME)) for shared in processes]
    for shared in processes:
        shared.sync()

    after = [bool(shared.refusal(NAME)) for shared in processes]

    assert (before, after) == ([True] * 3, [False, True, True])


def test_an_answer_closes_it_for_all():
    shared, other = process("a", "b", "c"), process()
    let_pause_end()
    shared.succeeded(NAME)
    for each in (shared, other):
        each.sync()

    assert (shared.refusal(NAME), other.refusal(NAME)) == ("", "")
    assert Circuit.objects.get().state == Circuit.State.CLOSED


def test_what_an_operator_resets_is_asked_by_all():
    shared = process("a", "b", "c")

    Circuit.objects.reset()
    shared.sync()

    assert shared.refusal(NAME) == ""


def test_a_process_that_cannot_reach_the_database_asks_all_the_same(monkeypatch, caplog):
    def away(*args):
        raise DatabaseError("locked")

    shared = SharedCircuits()
    monkeypatch.setattr(SharedCircuits, "_learn", away)

    shared.sync()

    assert shared.refusal(NAME) == ""
    assert "The circuits of trackers can't be read: locked" in caplog.text


def test_a_silent_tracker_is_known_to_all_and_asked_again_after_a_reset(asking, serve, monkeypatch):
    monkeypatch.setattr(tracker_hosts, "FAIR_S", 0.05)
    server, refused = serve.udp(lambda body: None), []
    asking.circuits.sync()
    for key in KEYS[:3]:
        asking.find_peers(key, [server.url], 6999, 0.1)
        await_events(asking)
        await_unlisted(asking)
    asking.circuits.sync()
    row = Circuit.objects.get()

    asking.find_peers(KEYS[3], [server.url], 6999, 2)
    refused += [e.reason for e in await_events(asking) if isinstance(e, TrackerFailed)]
    server.reply = answering(announced)
    Circuit.objects.reset()
    asking.circuits.sync()
    asking.find_peers(KEYS[4], [server.url], 6999, 2)

    assert (row.kind, row.name, row.state) == (
        Kind.TRACKER,
        server.url.removesuffix("/announce"),
        "open",
    )
    assert [reason.partition(" for")[0] for reason in refused] == [
        "It failed 3 times in a row and is left alone"
    ]
    assert await_events(asking) == [PeersOfTracker(KEYS[4], server.url, ())]
