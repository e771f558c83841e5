"""The hub: many listeners, one thread, and nobody waits for anybody else."""

from __future__ import annotations

import atexit
import socket
import threading
import time
from contextlib import suppress
from typing import Any

import pytest
from django.db import DatabaseError, connection

from ghost.api import events as live
from ghost.core.events import broadcaster, outbox, subscriber
from ghost.core.events.broadcaster import Hub
from ghost.core.events.models import Event, EventKind, Scope
from ghost.core.events.reader import Tail
from ghost.core.events.subscriber import Caller, Listener
from ghost.core.events.subscriptions import Stream
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db

ALL = Scope(is_all=True)


class PolledHub(Hub):
    """A hub, and who is connected to it."""

    peers: list[Peer]


class Peer:
    """Somebody at the other end, and the hub that serves him; the test is the hub's thread."""

    def __init__(self, serving: PolledHub, **kwargs) -> None:
        self.hub = serving
        self.sock, theirs = socket.socketpair()
        self.sock.settimeout(0)
        serving.peers.append(self)
        self.row = Stream.objects.create(role="Admin", process=serving.name)
        given: dict[str, Any] = {
            "scope": ALL,
            "after": Event.objects.newest_id(),
            "caller": Caller(token_id=1),
        }
        serving.adopt(Listener(theirs, self.row.pk, **(given | kwargs)))

    def read(self) -> str:
        """What has come; an end of the stream reads as EOF."""
        parts = []
        with suppress(BlockingIOError):
            while part := self.sock.recv(65_536):
                parts.append(part)
            parts.append(b"EOF")
        return b"".join(parts).decode()

    def blocks(self) -> list[tuple[str, int]]:
        """Kind and id of the events that have come."""
        found = []
        for block in self.read().split("\n\n"):
            fields = dict(
                line.split(": ", 1) for line in block.split("\n") if line[:1] != ":" and line
            )
            if "event" in fields:
                found.append((fields["event"], int(fields["id"])))
        return found


@pytest.fixture
def serving(monkeypatch):
    """A hub that goes round when it is told to, and asks anew each time."""
    monkeypatch.setattr(broadcaster, "POLL_EVERY_S", 0.0)
    monkeypatch.setattr(broadcaster, "OUTAGE_PAUSE_S", 0.0)
    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr(threading.Thread, "start", lambda self: None)
    monkeypatch.setattr(atexit, "register", lambda call: None)
    made = PolledHub(lambda callers: dict.fromkeys(callers, ALL))
    made.peers = []
    yield made
    made._end_all()
    for peer in made.peers:
        peer.sock.close()


@pytest.fixture
def clock(monkeypatch):
    """Time that passes when it is told to."""
    now = [1000.0]
    for module in (time, time):
        monkeypatch.setattr(module, "monotonic", lambda: now[0])

    def wait(seconds: float) -> None:
        now[0] += seconds

    return wait


def tell(number: int = 1, **kwargs) -> None:
    for _ in range(number):
        outbox.add(EventKind.BUILD, {"x": "y" * 100}, **({"is_for_all": True} | kwargs))


def test_listener_is_told_where_it_begins_and_hears_what_comes(serving):
    tell(3)
    peer = Peer(serving)
    serving.step()
    hello = peer.read()
    tell()

    serving.step()

    newest = Event.objects.newest_id()
    assert hello == f"retry: 3000\n\nid: {newest - 1}\n\n"
    assert peer.blocks() == [("build", newest)]


def test_what_happens_between_request_and_service_is_heard(serving):
    peer = Peer(serving)
    tell()

    serving.step()
    serving.step()

    assert peer.blocks() == [("build", Event.objects.newest_id())]


def test_listeners_hear_what_they_may_and_want(serving):
    builds = Peer(serving, kinds=frozenset({"build"}))
    mine = Peer(serving, scope=Scope(token_id=7))
    stranger = Peer(serving, scope=Scope(token_id=8))
    serving.step()
    for peer in (builds, mine, stranger):
        peer.read()

    outbox.add(EventKind.TASK, {}, token_id=7)
    tell()
    serving.step()

    assert [len(p.blocks()) for p in (builds, mine, stranger)] == [1, 2, 1]


def test_resumed_listener_gets_all_that_it_missed_and_then_what_comes(serving):
    tell(450)
    first = present(Event.objects.first()).pk
    peer = Peer(serving, after=first, is_resumed=True)
    heard = []
    for _ in range(5):
        serving.step()
        heard += peer.blocks()
    tell()

    serving.step()

    heard += peer.blocks()
    assert heard == [("build", first + n) for n in range(1, 451)]


def test_resumed_listener_gets_only_what_it_may_and_wants(serving):
    outbox.add(EventKind.TASK, {}, token_id=7)
    outbox.add(EventKind.TASK, {}, token_id=8)
    tell()
    first = present(Event.objects.first()).pk

    peer = Peer(
        serving,
        after=first - 1,
        is_resumed=True,
        scope=Scope(token_id=7),
        kinds=frozenset({"task"}),
    )
    serving.step()

    assert peer.blocks() == [("task", first)]


@pytest.mark.parametrize("after", ["pruned", "to come", "foreign"])
def test_listener_is_told_when_what_it_missed_is_not_kept(serving, after):
    tell(10)
    newest = Event.objects.newest_id()
    Event.objects.filter(pk__lt=newest - 2).delete()
    known = {"pruned": newest - 4, "to come": newest + 1, "foreign": -1}[after]

    peer = Peer(serving, after=known, is_resumed=True)
    serving.step()
    reset = peer.blocks()
    tell()
    serving.step()

    assert reset == [("reset", newest)]
    assert peer.blocks() == [("build", newest + 1)]


@pytest.mark.parametrize("back", [0, 2, 3])
def test_listener_who_missed_only_what_is_kept_is_not_reset(serving, back):
    tell(10)
    newest = Event.objects.newest_id()
    Event.objects.filter(pk__lt=newest - 2).delete()

    peer = Peer(serving, after=newest - back, is_resumed=True)
    serving.step()

    assert peer.blocks() == [("build", newest - n) for n in reversed(range(back))]


def test_what_comes_late_is_heard_by_all_and_none_goes_on_behind_it(serving):
    tell()
    top = Event.objects.newest_id()
    live = Peer(serving)
    serving.step()
    live.read()
    Event.objects.create(pk=top + 2, kind="build", is_for_all=True)
    serving.step()
    early = live.blocks()
    resumed = Peer(serving, after=top, is_resumed=True)
    serving.step()
    resumed_early = resumed.blocks()

    Event.objects.create(pk=top + 1, kind="build", is_for_all=True)
    serving.step()

    assert early == resumed_early == [("build", top)]  # both begin anew after what is settled
    assert live.blocks() == resumed.blocks() == [("build", top + 1)]


def test_closed_peer_is_noticed_and_its_place_is_free(serving):
    gone, kept = Peer(serving), Peer(serving)
    serving.step()

    gone.sock.close()
    serving.step()

    assert list(Stream.objects.all()) == [kept.row]


def test_peer_who_talks_is_heard_to_no_effect(serving):
    peer = Peer(serving)
    serving.step()
    peer.sock.send(b"GET / HTTP/1.1\r\n\r\n" * 100)

    serving.step()

    assert Stream.objects.count() == 1


def test_slow_reader_keeps_nobody_waiting_and_little_in_memory(serving, clock):
    slow, quick = Peer(serving), Peer(serving)
    serving.step()
    total = 0
    for _ in range(10):
        tell(500)
        clock(1)
        serving.step()
        total += len(quick.blocks())

    [unread] = [len(each.unread) for each in serving._listeners if each.unread]
    assert total == 5000
    assert unread <= subscriber.MAX_UNREAD_BYTES + 1000
    assert slow.row.pk


def test_slow_reader_who_reads_on_gets_all_in_the_end(serving, clock):
    slow = Peer(serving)
    serving.step()
    for _ in range(10):
        tell(500)
        clock(1)
        serving.step()
    newest = Event.objects.newest_id()
    heard = slow.read()
    for _ in range(100):
        clock(0.1)
        serving.step()
        heard += slow.read()

    numbers = [int(line[4:]) for line in heard.split("\n") if line.startswith("id: ")]
    assert numbers[1:] == list(range(newest - 4999, newest + 1))


def test_who_reads_nothing_for_a_minute_is_dropped(serving, clock):
    slow, quick = Peer(serving), Peer(serving)
    serving.step()
    tell(3000)
    for _ in range(30):
        serving.step()
        quick.read()
    clock(61)

    serving.step()
    quick.read()
    serving.step()

    assert [row.dropped_at is None for row in Stream.objects.order_by("pk")] == [False, True]
    assert slow.read().endswith("EOF")


def test_quiet_stream_shows_life_and_how_far_it_is(serving, clock):
    peer = Peer(serving, kinds=frozenset({"task"}))
    serving.step()
    peer.read()
    tell()
    clock(14)
    serving.step()
    early = peer.read()
    clock(2)

    serving.step()

    comment, place, *_rest = peer.read().split("\n")
    assert early == ""
    assert comment.startswith(": ")
    assert place == f"id: {Event.objects.newest_id()}"


def test_stream_ends_when_its_caller_may_not_listen_any_more(serving, clock):
    revoked, kept = Peer(serving), Peer(serving, caller=Caller(token_id=2))
    serving.step()
    serving._scopes = lambda callers: {Caller(token_id=2): Scope(token_id=2)}
    clock(16)

    serving.step()
    kept.read()
    outbox.add(EventKind.TASK, {}, token_id=3)
    serving.step()

    assert revoked.read().endswith("EOF")
    assert list(Stream.objects.all()) == [kept.row]
    assert kept.blocks() == []  # and it learnt of its new scope


def test_stream_ends_after_the_time_it_asked_for(serving, clock):
    tell(3)
    first = present(Event.objects.first()).pk
    at_once = Peer(serving, for_s=0, after=first, is_resumed=True)
    later = Peer(serving, for_s=5)
    for _ in range(3):
        serving.step()
    heard = at_once.read()
    clock(6)
    serving.step()

    assert heard.count("event: build") == 2
    assert heard.endswith("EOF")
    assert later.read().endswith("EOF")
    serving.step()
    assert Stream.objects.count() == 0


def test_idle_listeners_cost_one_query_a_round(serving, clock, django_assert_num_queries):
    for _ in range(20):
        Peer(serving)
    serving.step()
    serving.step()

    with django_assert_num_queries(1):
        serving.step()


def test_places_are_renewed(serving, clock):
    Peer(serving)
    serving.step()
    before = Stream.objects.get().seen_at
    clock(21)

    serving.step()

    assert Stream.objects.get().seen_at > before


def test_database_trouble_ends_no_stream(serving, monkeypatch, caplog):
    peer = Peer(serving)
    serving.step()
    peer.read()
    tell()
    with monkeypatch.context() as patch:

        def away(*_):
            raise DatabaseError("away")

        patch.setattr(Tail, "read", away)
        serving.step()

    serving.step()

    assert "events can't be read now" in caplog.text
    assert peer.blocks() == [("build", Event.objects.newest_id())]


def test_database_trouble_at_the_beginning_repeats_nothing(serving, monkeypatch):
    tell(5)
    peer = Peer(serving)
    with monkeypatch.context() as patch:

        def away(*_):
            raise DatabaseError("away")

        patch.setattr(Tail, "begin", away)
        serving.step()
    serving.step()

    assert peer.blocks() == []


# -- teams


def scoped(serving, token) -> Peer:
    """Listens as this token, which the API's own rules know."""
    caller = Caller(token_id=token.pk)
    serving._scopes = live._scopes
    return Peer(serving, caller=caller, scope=live._scopes([caller])[caller])


def test_event_of_a_team_that_was_founded_meanwhile_is_heard(serving, clock):
    owner = make.publisher()
    hers, stranger = scoped(serving, owner), scoped(serving, make.publisher())
    serving.step()
    team = make.team(owner)

    outbox.add(EventKind.RESOURCE, {}, team_id=team.pk)
    serving.step()

    assert hers.blocks() == [("resource", Event.objects.newest_id())]
    assert stranger.blocks() == []


def test_team_events_of_many_cost_two_queries_a_round(serving, clock, django_assert_num_queries):
    owners = [make.publisher() for _ in range(5)]
    peers = [scoped(serving, owner) for owner in owners]
    serving.step()
    teams = [make.team(owner) for owner in owners]
    for team in teams * 3:
        outbox.add(EventKind.RESOURCE, {}, team_id=team.pk)

    with django_assert_num_queries(2):  # what is new, and who may hear it
        serving.step()

    assert [len(peer.blocks()) for peer in peers] == [3] * 5


def test_event_of_a_team_is_heard_after_trouble_with_the_scopes(serving, clock):
    owner = make.publisher()
    peer = scoped(serving, owner)
    serving.step()
    team = make.team(owner)
    outbox.add(EventKind.RESOURCE, {}, team_id=team.pk)

    def away(_callers):
        raise DatabaseError("away")

    serving._scopes = away
    serving.step()
    serving._scopes = live._scopes
    serving.step()

    assert peer.blocks() == [("resource", Event.objects.newest_id())]


def test_event_of_a_team_that_was_left_is_not_heard(serving, clock):
    team = make.team()
    member = make.member(team)
    peer = scoped(serving, member)
    serving.step()
    member.revoke()

    outbox.add(EventKind.RESOURCE, {}, team_id=team.pk)
    serving.step()

    assert "event: resource" not in peer.read()
