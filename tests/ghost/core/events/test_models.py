"""What is told, who may hear of it, and for how long it is kept."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from ghost.core.events import outbox
from ghost.core.events.models import Event, EventKind, Scope

pytestmark = pytest.mark.django_db

ADMIN = Scope(is_all=True, token_id=9)
PUBLISHER = Scope(token_id=1, teams=frozenset({5}))
MEMBER = Scope(token_id=2, teams=frozenset({5}))
STRANGER = Scope(token_id=3)


def tell_some() -> None:
    outbox.add(EventKind.TASK, {"name": "own"}, token_id=1)
    outbox.add(EventKind.RESOURCE, {"name": "team"}, token_id=2, team_id=5)
    outbox.add(EventKind.RESOURCE, {"name": "other"}, token_id=4, team_id=6)
    outbox.add(EventKind.BUILD, {"name": "all"}, is_for_all=True)
    outbox.add(EventKind.TASK, {"name": "nobody"})


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        (ADMIN, ["own", "team", "other", "all", "nobody"]),
        (PUBLISHER, ["own", "team", "all"]),
        (MEMBER, ["team", "all"]),
        (STRANGER, ["all"]),
        (Scope(), ["all"]),
    ],
)
def test_scope_is_the_same_for_one_event_and_for_a_set(scope, names):
    tell_some()

    assert [e.data["name"] for e in Event.objects.seen_by(scope)] == names
    assert [e.data["name"] for e in Event.objects.all() if scope.sees(e)] == names


def test_event_is_told_with_its_transaction_or_not_at_all():
    with transaction.atomic():
        outbox.add(EventKind.BUILD, {}, is_for_all=True)
        transaction.set_rollback(True)

    assert Event.objects.count() == 0


def test_block_is_one_event_of_a_stream_whatever_the_words():
    outbox.add(
        EventKind.BUILD, {"title": "电影\r\n\ndata: x"}, more={"error": "boom"}, is_for_all=True
    )
    event = Event.objects.get()

    lines = event.block(is_all=False).decode().split("\n")

    data = {"event_id": event.pk, "at": event.at.isoformat(), "title": "电影\r\n\ndata: x"}
    assert lines[0] == "event: build"
    assert json.loads(lines[1].removeprefix("data: ")) == data
    assert lines[2:] == ["", ""]


def test_only_admins_read_more():
    outbox.add(EventKind.BUILD, {"state": "failed"}, more={"error": "boom"}, is_for_all=True)
    event = Event.objects.get()

    assert b"boom" in event.block(is_all=True)
    assert b"boom" not in event.block(is_all=False)


def test_what_is_old_is_outdated_but_never_the_newest():
    old = timezone.now() - timedelta(hours=25)
    Event.objects.bulk_create(Event(kind=EventKind.TASK, at=old) for _ in range(3))
    newest = Event.objects.newest_id()

    outdated = Event.objects.outdated(timezone.now() - timedelta(hours=24))

    assert outdated.count() == 2
    assert newest not in outdated.values_list("pk", flat=True)


def test_what_is_beyond_so_many_is_outdated(configure):
    configure(events_keep=3)
    Event.objects.bulk_create(Event(kind=EventKind.TASK) for _ in range(10))
    newest = Event.objects.newest_id()

    outdated = Event.objects.outdated(timezone.now() - timedelta(hours=24))

    assert outdated.count() == 7
    assert set(outdated.values_list("pk", flat=True)) == set(range(newest - 9, newest - 2))


def test_many_are_told_in_few_statements(django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        outbox.add_all(Event(kind=EventKind.HEALTH, data={"n": n}) for n in range(1000))

    assert Event.objects.count() == 1000
