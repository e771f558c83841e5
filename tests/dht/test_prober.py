"""What the catalog asks of the prober."""

from __future__ import annotations

import math
import time

import pytest
from django_q.models import OrmQ

from dht import prober as probing
from dht import tasks
from dht.engine import session as engine_session
from ghost.core.errors import OutageError
from ghost.core.text.reasons import words
from resources.models import ProbeStatus, Resource, findings
from resources.publishing.prober import prober
from tests import make
from tests.threads import Beginning

pytestmark = pytest.mark.django_db


def test_the_settings_name_this_prober():
    assert isinstance(prober(), probing.LibtorrentProber)


def test_require_is_an_outage_without_libtorrent(monkeypatch):
    prober().require()
    monkeypatch.setattr(engine_session, "lt", None)

    with pytest.raises(OutageError):
        prober().require()


def test_enqueue_queues_a_probe_and_names_the_task():
    row = make.resource(is_probed=False)

    task_id = prober().enqueue(row.pk)

    queued = [q.task for q in OrmQ.objects.all() if q.task["func"] is tasks.run_probes]
    assert [(t["id"], t["args"]) for t in queued] == [(task_id, (row.pk,))]


def test_wait_is_true_once_the_metadata_is_there():
    row = make.resource()

    assert prober().wait(row.pk, math.inf) is True


def test_wait_is_false_for_a_dead_magnet():
    row = make.resource(is_probed=False)
    findings.record_probe_miss(row, ProbeStatus.INACTIVE, words("Nobody has it."))

    assert prober().wait(row.pk, math.inf) is False


def test_wait_is_true_once_an_operator_lets_it_off():
    row = make.resource(is_probed=False)
    Resource.objects.filter(pk=row.pk).skip_probe()

    assert prober().wait(row.pk, math.inf) is True


def test_wait_is_false_at_once_when_it_is_taken_down():
    row = make.resource(is_probed=False)
    row.take_down(reason="", by="")

    assert prober().wait(row.pk, math.inf) is False


def test_wait_is_false_for_the_other_half_of_a_listed_torrent():
    v1, v2 = make.info_hash(), "ab" * 32
    make.resource(magnet_uri=make.magnet(v1))
    row = make.resource(magnet_uri=f"magnet:?xt=urn:btmh:1220{v2}", is_probed=False)
    findings.record_metadata(row, make.torrent_metadata(v2, v1=v1, v2=v2))

    assert prober().wait(row.pk, math.inf) is False


def test_wait_is_false_when_the_resource_is_gone():
    assert prober().wait(1, math.inf) is False


def test_wait_is_an_outage_when_no_worker_comes(configure, monkeypatch):
    configure(magnet_metadata_timeout_s=0.1)
    monkeypatch.setattr(probing, "GRACE_S", 0.1)
    row = make.resource(is_probed=False)

    with pytest.raises(OutageError, match="Is a worker running"):
        prober().wait(row.pk, math.inf)


def test_wait_is_an_outage_when_the_dht_cannot_be_reached():
    row = make.resource(is_probed=False)
    findings.record_probe_miss(row, ProbeStatus.UNAVAILABLE, words("The DHT can't be reached."))

    with pytest.raises(OutageError, match="The DHT can't be reached"):
        prober().wait(row.pk, math.inf)


def test_wait_does_not_take_the_last_probe_for_the_new_one(configure, monkeypatch):
    configure(magnet_metadata_timeout_s=0.1)
    monkeypatch.setattr(probing, "GRACE_S", 0.1)
    row = make.resource(is_probed=False)
    Resource.objects.filter(pk=row.pk).skip_probe()
    Resource.objects.filter(pk=row.pk).ask_probe()

    with pytest.raises(OutageError):
        prober().wait(row.pk, math.inf)


def test_wait_sees_what_a_worker_finds(file_database, swarm, configure):
    """Two connections to a file, as in real life: to memory, who reads and who writes shut each
    other out at once."""
    configure(magnet_metadata_timeout_s=20)
    row = make.resource(magnet_uri=swarm.seeds[0].magnet_uri, is_probed=False)

    waiting = Beginning(lambda: prober().wait(row.pk, math.inf))
    tasks.run_probes(row.pk)

    assert waiting.result() is True


def test_wait_ends_with_its_own_time():
    row, began = make.resource(is_probed=False), time.monotonic()

    ended = prober().wait(row.pk, 0.2)

    assert ended is None
    assert 0.2 <= time.monotonic() - began < 1


def test_wait_of_any_length_ends_with_the_time_of_a_probe(configure, monkeypatch):
    configure(magnet_metadata_timeout_s=0.1)
    monkeypatch.setattr(probing, "GRACE_S", 0.1)
    row = make.resource(is_probed=False)

    assert prober().wait(row.pk, 3600) is None


def test_wait_reads_only_what_it_needs(django_assert_num_queries):
    row = make.resource()

    with django_assert_num_queries(1) as seen:
        prober().wait(row.pk, 1)

    assert "content_markdown" not in seen.captured_queries[0]["sql"]
