"""What the catalog asks of the prober."""

from __future__ import annotations

import threading

import pytest
from django_q.models import OrmQ

from dht import probing, tasks
from dht import swarm as door
from ghost.errors import OutageError
from resources.models import ProbeStatus, Resource
from resources.probing import prober
from tests import make

pytestmark = pytest.mark.django_db


def test_the_settings_name_this_prober():
    assert isinstance(prober(), probing.LibtorrentProber)


def test_require_is_an_outage_without_libtorrent(monkeypatch):
    prober().require()
    monkeypatch.setattr(door, "lt", None)

    with pytest.raises(OutageError):
        prober().require()


def test_enqueue_queues_a_probe_and_names_the_task():
    row = make.resource(is_probed=False)

    task_id = prober().enqueue(row.pk)

    queued = [q.task for q in OrmQ.objects.all() if q.task["func"] is tasks.run_probes]
    assert [(t["id"], t["args"]) for t in queued] == [(task_id, (row.pk,))]


def test_wait_is_true_once_the_metadata_is_there():
    row = make.resource()

    assert prober().wait(row.pk) is True


def test_wait_is_false_for_a_dead_magnet():
    row = make.resource(is_probed=False)
    row.record_probe_miss(ProbeStatus.INACTIVE, "Nobody has it.")

    assert prober().wait(row.pk) is False


def test_wait_is_false_when_the_resource_is_gone():
    assert prober().wait(1) is False


def test_wait_is_an_outage_when_no_worker_comes(configure, monkeypatch):
    configure(magnet_metadata_timeout_s=0.1)
    monkeypatch.setattr(probing, "GRACE_S", 0.1)
    row = make.resource(is_probed=False)

    with pytest.raises(OutageError, match="Is a worker running"):
        prober().wait(row.pk)


def test_wait_is_an_outage_when_the_dht_cannot_be_reached():
    row = make.resource(is_probed=False)
    row.record_probe_miss(ProbeStatus.UNAVAILABLE, "The DHT can't be reached.")

    with pytest.raises(OutageError, match="The DHT can't be reached"):
        prober().wait(row.pk)


def test_wait_does_not_take_the_last_probe_for_the_new_one(configure, monkeypatch):
    configure(magnet_metadata_timeout_s=0.1)
    monkeypatch.setattr(probing, "GRACE_S", 0.1)
    row = make.resource(is_probed=False)
    Resource.objects.filter(pk=row.pk).skip_probe()
    Resource.objects.filter(pk=row.pk).ask_probe()

    with pytest.raises(OutageError):
        prober().wait(row.pk)


@pytest.mark.django_db(transaction=True)
def test_wait_sees_what_a_worker_finds(swarm):
    row = make.resource(magnet_uri=swarm.seeds[0].magnet_uri, is_probed=False)
    answers = []

    def wait():
        from django.db import connection

        answers.append(prober().wait(row.pk))
        connection.close()

    waiting = threading.Thread(target=wait)
    waiting.start()
    tasks.run_probes(row.pk)
    waiting.join(10)

    assert answers == [True]
