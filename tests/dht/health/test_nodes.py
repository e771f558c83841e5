"""Whether the DHT answers, asked in a real one and in none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dht import reasons, tasks
from dht.engine import session
from dht.health import nodes
from dht.models import NodeCount
from ghost.core.text.reasons import NOTHING_TO_DO
from tests import make

pytestmark = pytest.mark.django_db


def test_nodes_that_answer_are_counted(swarm):
    counted = nodes.count()

    row = NodeCount.objects.get()
    assert counted == row.nodes > 0
    assert (row.without_since, bool(row.error)) == (None, False)


def test_without_a_network_none_is_counted_and_it_says_why(no_dht, monkeypatch):
    monkeypatch.setattr(session, "NODES_PATIENCE_S", 0.1)

    assert nodes.count() == 0

    row = NodeCount.objects.get()
    assert row.error.code == "dht.no_dht"
    assert row.without_since


def test_without_libtorrent_it_says_that(monkeypatch):
    session.close()
    monkeypatch.setattr(session, "lt", None)

    assert nodes.count() == 0
    assert NodeCount.objects.get().error.code == "dht.not_loaded"


def test_a_good_count_of_another_worker_is_taken_and_a_bad_one_is_not():
    session.close()
    due = [nodes.is_count_due()]
    NodeCount.objects.note(5)
    due.append(nodes.is_count_due())
    NodeCount.objects.update(counted_at=timezone.now() - timedelta(minutes=11))
    due.append(nodes.is_count_due())
    NodeCount.objects.note(0)
    due.append(nodes.is_count_due())

    assert due == [True, False, True, True]


def test_where_nothing_is_published_nobody_is_asked(monkeypatch):
    monkeypatch.setattr(nodes, "count", lambda: 7)
    before = tasks.count_nodes()
    make.resource()

    assert (before, tasks.count_nodes()) == (
        NOTHING_TO_DO().plain(), reasons.COUNTED(number=7).plain(),
    )  # fmt: skip


def test_hosts_that_are_gone_are_forgotten_when_another_comes():
    NodeCount.objects.create(host="gone", counted_at=timezone.now() - timedelta(days=2))
    NodeCount.objects.create(host="other", counted_at=timezone.now() - timedelta(hours=2))

    NodeCount.objects.note(5)

    assert set(NodeCount.objects.values_list("nodes", flat=True)) == {0, 5}
    assert not NodeCount.objects.filter(host="gone").exists()
