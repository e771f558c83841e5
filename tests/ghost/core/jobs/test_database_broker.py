"""The queue in the database: who has fetched what stands in its entries."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task

from ghost.core import process
from ghost.core.jobs import database_broker
from ghost.core.jobs.database_broker import DatabaseBroker
from ghost.core.jobs.entries import QueueEntry
from tests.ghost.core.jobs.steps import ask, begin

pytestmark = pytest.mark.django_db


@pytest.fixture
def broker():
    found = get_broker()
    assert isinstance(found, DatabaseBroker)
    return found


def test_what_nobody_asked_for_has_an_entry_too():
    """As the scheduler queues."""
    async_task("time.sleep", 0)

    entry = QueueEntry.objects.get()
    assert (entry.func, entry.task["args"], entry.cluster, entry.worker) == (
        "time.sleep", (0,), "", "",
    )  # fmt: skip


def test_an_entry_is_fetched_then_begun_then_gone(broker):
    job = ask()

    [(row, payload)] = broker.dequeue()
    fetched = QueueEntry.objects.select_related("row").get()
    begin(job)
    begun = QueueEntry.objects.get()
    broker.acknowledge(row)

    assert (fetched.cluster, fetched.worker) == (process.name(), "")
    assert fetched.row is not None
    assert payload == fetched.row.payload
    assert (begun.cluster, begun.worker) == (process.name(), process.name())
    assert (QueueEntry.objects.count(), OrmQ.objects.count()) == (0, 0)


def test_tasks_are_fetched_in_turn_and_once(broker, monkeypatch):
    monkeypatch.setattr(Conf, "POLL", 0)
    jobs = [ask(), ask()]

    fetched = [broker.dequeue() for _ in range(3)]

    keys = [QueueEntry.objects.get(task_id=job.pk).row_id for job in jobs]
    assert [each and each[0][0] for each in fetched] == [*keys, None]


def test_a_row_that_another_cluster_took_meanwhile_is_left_to_it(broker):
    ask()
    row = broker._next()
    [(other, _)] = broker.dequeue()

    assert (broker._take(row), other) == (None, row.pk)


def test_a_task_whose_signature_is_wrong_can_be_fetched_and_dropped(broker):
    """As after a change of the secret key."""
    ask()
    OrmQ.objects.update(payload="not signed")

    [(row, _)] = broker.dequeue()
    entry = QueueEntry.objects.select_related("row").get()
    broker.fail(row)

    assert entry.task == {"id": "*BadSignature"}
    assert QueueEntry.objects.count() == 0


def test_a_database_that_is_away_ends_no_pusher(broker, monkeypatch, caplog):
    def away():
        raise DatabaseError("away")

    monkeypatch.setattr(broker, "_next", away)
    monkeypatch.setattr(database_broker, "PAUSE_S", 0)

    assert broker.dequeue() is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_result_is_acknowledged_as_soon_as_the_database_is_back(broker, monkeypatch):
    ask()
    fails = iter([DatabaseError("away"), None, None])
    real = broker.get_connection

    def now_and_then(*args):
        if error := next(fails):
            raise error
        return real(*args)

    monkeypatch.setattr(database_broker, "PAUSE_S", 0)
    monkeypatch.setattr(broker, "get_connection", now_and_then)
    broker.acknowledge(OrmQ.objects.get().pk)

    assert OrmQ.objects.count() == 0


def test_a_monitor_that_can_acknowledge_nothing_says_so(broker, monkeypatch):
    def away(*_):
        raise DatabaseError("away")

    monkeypatch.setattr(database_broker, "PAUSE_S", 0)
    monkeypatch.setattr(broker, "get_connection", away)

    with pytest.raises(DatabaseError):
        broker.acknowledge(1)


def test_what_a_clock_queued_that_ran_ahead_is_fetched_all_the_same(broker):
    ask()
    OrmQ.objects.update(lock=timezone.now() + timedelta(hours=2))
    before = broker.dequeue()

    broker.ask_again()

    assert before is None
    assert broker.dequeue()


def test_what_is_held_stays_so_until_its_time_is_over(broker):
    ask()
    broker.dequeue()

    broker.ask_again()

    assert broker.dequeue() is None
