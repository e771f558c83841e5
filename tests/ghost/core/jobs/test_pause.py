"""While the queue is paused nothing begins, whichever broker hands out the tasks."""

from __future__ import annotations

import pytest
from django_q.brokers import get_broker
from django_q.conf import Conf

from ghost.core.audit.models import AuditEvent
from ghost.core.jobs import database_broker, pause, redis_broker
from ghost.core.jobs.entries import QueueEntry
from tests.ghost.core.jobs.steps import ask, begin

pytestmark = pytest.mark.django_db(transaction=True)

BROKERS = {
    "database": "ghost.core.jobs.database_broker.DatabaseBroker",
    "redis": "ghost.core.jobs.redis_broker.RedisBroker",
}


@pytest.fixture(params=BROKERS)
def broker(request, configure, monkeypatch):
    if request.param == "redis":
        configure(redis_url=request.getfixturevalue("redis_server").url)
    monkeypatch.setattr(Conf, "BROKER_CLASS", BROKERS[request.param])
    for module in (database_broker, redis_broker):
        monkeypatch.setattr(module.time, "sleep", lambda _s: None)
    return get_broker()


def test_nothing_is_fetched_while_it_is_paused_and_all_of_it_afterwards(broker):
    job = ask()
    pause.pause()

    fetched = broker.dequeue(), broker.dequeue()
    pause.resume()
    [(_key, payload)] = broker.dequeue()

    assert fetched == (None, None)
    assert payload
    assert QueueEntry.objects.get(task_id=job.pk).cluster


def test_what_was_fetched_before_waits_again(broker):
    job = ask()
    assert broker.dequeue()
    pause.pause()

    may_begin = pause.begin(job.pk)

    entry = QueueEntry.objects.get()
    assert (may_begin, entry.cluster, entry.worker) == (False, "", "")
    assert pause.look().is_drained
    pause.resume()
    assert broker.dequeue()
    assert pause.begin(job.pk)
    assert QueueEntry.objects.get().worker


def test_it_is_drained_once_what_runs_has_ended(broker):
    running, waiting = ask(), ask()
    [(key, _payload)] = broker.dequeue()
    begin(running)

    states = [pause.pause()]
    broker.acknowledge(key)
    states += [pause.look(), pause.resume()]

    assert [(each.state, each.running, each.waiting) for each in states] == [
        ("draining", 1, 1),
        ("drained", 0, 1),
        ("active", 0, 1),
    ]
    assert QueueEntry.objects.get().task_id == waiting.pk


def test_doing_it_twice_changes_and_tells_nothing_more():
    first, second = pause.pause(), pause.pause()
    ended = pause.resume(), pause.resume()

    assert first.paused_at == second.paused_at is not None
    assert [each.paused_at for each in ended] == [None, None]
    actions = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["queue.pause", "queue.resume"]
