"""How many event streams may be open, over all processes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ghost.core.events.subscriptions import STALE, Stream
from ghost.core.http.limits.rate_limit import TooManyError

pytestmark = pytest.mark.django_db


def open_one(token_id: int | None = 1, **kwargs) -> Stream:
    given = {"role": "Publisher", "process": "here", "token_id": token_id} | kwargs
    return Stream.objects.open(**given)


def test_token_has_so_many_and_others_have_their_own(configure):
    configure(events_streams_per_token=2)
    open_one(), open_one(process="elsewhere")

    with pytest.raises(TooManyError, match="2 event streams") as refused:
        open_one()

    assert refused.value.wait_s > 0
    assert open_one(token_id=2).pk
    assert open_one(token_id=None, user_id=1).pk


def test_installation_has_so_many(configure):
    configure(events_streams=2)
    open_one(1), open_one(2)

    with pytest.raises(TooManyError, match="Too many event streams"):
        open_one(3)


def test_closed_one_makes_room(configure):
    configure(events_streams_per_token=1)
    open_one().delete()

    assert open_one().pk


def test_stream_of_a_process_that_died_counts_no_more(configure):
    configure(events_streams_per_token=1)
    open_one()
    Stream.objects.update(seen_at=timezone.now() - STALE)

    open_one()

    assert Stream.objects.count() == 1


def test_renewing_keeps_those_that_are_named():
    ours, theirs = open_one(), open_one(process="elsewhere")
    Stream.objects.update(seen_at=timezone.now() - STALE)

    Stream.objects.renew([ours.pk])

    assert list(Stream.objects.live()) == [ours]
    assert theirs.pk


def test_stats_tell_roles_the_oldest_and_who_was_dropped():
    first = open_one(role="Admin")
    slow, old = open_one(), open_one()
    open_one(token_id=None, user_id=1, role="operator")
    Stream.objects.drop([slow.pk, old.pk])
    Stream.objects.filter(pk=old.pk).update(dropped_at=timezone.now() - timedelta(days=2))

    assert Stream.objects.stats() == {
        "open": 2,
        "by_role": {"Admin": 1, "operator": 1},
        "oldest_opened_at": first.opened_at,
        "dropped": 1,
    }


def test_stats_of_nothing():
    assert Stream.objects.stats() == {
        "open": 0,
        "by_role": {},
        "oldest_opened_at": None,
        "dropped": 0,
    }
