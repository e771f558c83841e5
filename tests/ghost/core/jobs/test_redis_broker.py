"""Redis says whose turn it is; the entries say who has what, whatever it forgets."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ

from ghost.core import process
from ghost.core.errors import OutageError
from ghost.core.jobs import redis_broker, release
from ghost.core.jobs.database_broker import DatabaseBroker
from ghost.core.jobs.entries import QueueEntry
from ghost.core.jobs.redis_broker import RedisBroker
from tests.ghost.core.jobs.steps import ask, begin

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker(redis_server, configure, monkeypatch):
    """Of the whole program, for this test."""
    configure(redis_url=redis_server.url)
    monkeypatch.setattr(Conf, "BROKER_CLASS", "ghost.core.jobs.redis_broker.RedisBroker")
    found = get_broker()
    assert isinstance(found, RedisBroker)
    return found


def wait_long() -> None:
    """Let more time pass than a task waits before it is looked for."""
    long_ago = timezone.now() - timedelta(seconds=redis_broker.ASKED_AFTER_S + 1)
    QueueEntry.objects.update(sent_at=long_ago)


def test_an_entry_is_fetched_then_begun_then_gone(broker):
    job = ask()

    [(task_id, payload)] = broker.dequeue()
    fetched = QueueEntry.objects.get()
    begin(job)
    begun = QueueEntry.objects.get()
    broker.acknowledge(task_id)

    assert (task_id, payload) == (job.pk, fetched.payload)
    assert (fetched.cluster, fetched.worker) == (process.name(), "")
    assert begun.worker == process.name()
    assert (QueueEntry.objects.count(), OrmQ.objects.count()) == (0, 0)
    assert broker.dequeue() is None


def test_nobody_fetches_a_task_before_its_transaction_is_committed(broker, redis_server):
    with transaction.atomic():
        ask()
        before = redis_server.client().dbsize()

    assert (before, redis_server.client().dbsize()) == (0, 1)
    assert broker.dequeue() is not None


def test_what_redis_lost_is_asked_for_again(broker, redis_server, caplog):
    lost = [ask() for _ in range(3)]
    redis_server.client().flushall()
    kept = ask()
    wait_long()

    broker.ask_again()

    fetched = {broker.dequeue()[0][0] for _ in range(4)}
    assert fetched == {job.pk for job in (*lost, kept)}
    assert [record.getMessage() for record in caplog.records] == [
        "Redis has lost 3 tasks; it has them again"
    ]


def test_what_waits_in_redis_is_not_put_in_twice(broker, redis_server):
    ask()
    wait_long()

    broker.ask_again()

    assert redis_server.client().llen(broker.list_key) == 1


def test_a_number_that_is_in_redis_twice_is_fetched_once(broker, redis_server):
    job = ask()
    redis_server.client().rpush(broker.list_key, job.pk, job.pk)

    assert [broker.dequeue() is None for _ in range(3)] == [False, True, True]


def test_what_a_dead_cluster_held_is_fetched_by_the_next(broker):
    ask()
    broker.dequeue()
    QueueEntry.objects.update(cluster=f"{process.machine()}:4194303:1")

    assert (release.release_dead(), broker.dequeue() is None) == (1, False)


def test_writes_go_on_while_redis_is_away_and_so_does_work(broker, redis_server, caplog):
    redis_server.stop()

    jobs = [ask(), ask()]

    fetched = broker.dequeue()
    assert fetched[0][0] == jobs[0].pk
    [line] = [record.getMessage() for record in caplog.records]  # the second one did not try it
    assert line.startswith("Redis at redis://***@127.0.0.1:")
    assert "secret" not in line


def test_who_waits_for_redis_is_told_that_it_is_away(broker, redis_server):
    ask()
    wait_long()
    redis_server.stop()

    with pytest.raises(OutageError, match=r"Redis at redis://\*\*\*@127\.0\.0\.1"):
        broker.ask_again()
    with pytest.raises(OutageError):
        redis_broker.require()


def test_tasks_that_were_queued_while_it_was_away_are_in_it_soon(broker, redis_server):
    redis_server.stop()
    job = ask()
    wait_long()
    redis_server.start()

    broker.ask_again()

    assert redis_server.client().lrange(broker.list_key, 0, -1) == [job.pk.encode()]


def test_rank_is_counted_from_entries(broker):
    first, second = ask(), ask()
    broker.dequeue()
    begin(first)

    assert [job.place() for job in (first, second)] == [(None, 1), (1, 1)]


def test_installations_may_share_a_redis(broker, settings):
    ask()
    settings.SECRET_KEY = "another installation's, of 32 characters"

    assert RedisBroker().dequeue() is None
    assert broker.dequeue() is not None


@pytest.mark.usefixtures("broker")
def test_two_watches_take_over_what_waited_once(monkeypatch):
    ask()
    create = OrmQ.objects.create

    def meanwhile(**values):
        monkeypatch.setattr(OrmQ.objects, "create", create)
        DatabaseBroker().ask_again()  # another host's
        return create(**values)

    monkeypatch.setattr(OrmQ.objects, "create", meanwhile)

    DatabaseBroker().ask_again()

    assert OrmQ.objects.get() == QueueEntry.objects.get().row


def test_what_waited_before_is_taken_over_either_way(broker, monkeypatch):
    """GHOST_REDIS_URL is set, and unset again, with tasks in the queue."""
    with monkeypatch.context() as before:
        before.setattr(Conf, "BROKER_CLASS", "ghost.core.jobs.database_broker.DatabaseBroker")
        job = ask()
        other = get_broker()
    wait_long()
    broker.ask_again()
    [(first, payload)] = broker.dequeue()
    QueueEntry.objects.update(cluster="")
    second = ask()

    other.ask_again()

    assert (first, payload) == (job.pk, OrmQ.objects.get(entry__task_id=job.pk).payload)
    assert OrmQ.objects.get(entry__task_id=second.pk).task["args"] == (0,)
    broker.acknowledge(first)
    assert not OrmQ.objects.filter(entry__task_id=job.pk).exists()
