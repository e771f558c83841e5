"""Heartbeats: who is taken for alive, and what is kept of the dead."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from ghost.core.heartbeats.models import DEAD_AFTER, FORGOTTEN_AFTER, Heartbeat

pytestmark = pytest.mark.django_db

WORKER, WEB = Heartbeat.Kind.WORKER, Heartbeat.Kind.WEB


def beat(kind=WORKER, pid=7, started_ago=timedelta(hours=1), **more) -> bool:
    started_at = timezone.now() - started_ago
    return Heartbeat.objects.beat(kind, pid, started_at=started_at, processes=[], **more)


def silent_for(duration: timedelta, pid=7, kind=WORKER) -> None:
    row = Heartbeat.objects.filter(kind=kind, pid=pid)
    row.update(last_seen_at=timezone.now() - duration)


@pytest.mark.parametrize(
    ("silent_s", "lives"),
    [(0, True), (80, True), (100, False), (-80, True), (-3600, False)],
)
def test_who_is_silent_for_90_s_is_dead_and_so_is_who_comes_from_the_future(silent_s, lives):
    beat()
    silent_for(timedelta(seconds=silent_s))

    living = Heartbeat.objects.workers().living(timezone.now())

    assert living.exists() == lives


def test_a_group_of_processes_writes_one_row_no_more_often_than_asked():
    every = timedelta(seconds=15)

    first, second = beat(WEB, every=every), beat(WEB, every=every)
    silent_for(timedelta(seconds=16), kind=WEB)
    third = beat(WEB, every=every)

    assert (first, second, third) == (True, False, True)
    assert Heartbeat.objects.count() == 1


def test_another_process_with_the_same_number_starts_anew():
    beat(started_ago=timedelta(hours=1))
    before = Heartbeat.objects.get().started_at

    beat(started_ago=timedelta(minutes=1))
    beat(started_ago=timedelta(minutes=1))

    row = Heartbeat.objects.get()
    assert row.started_at - before > timedelta(minutes=58)


def test_the_long_dead_are_dropped_when_somebody_new_comes_but_not_the_last_of_a_kind():
    rows = ((WORKER, 1), (WORKER, 2), (WEB, 3))
    for kind, pid in rows:
        beat(kind, pid)
    for kind, pid in rows:
        silent_for(FORGOTTEN_AFTER + DEAD_AFTER + pid * timedelta(hours=1), pid, kind)

    beat(WEB, 4)

    assert set(Heartbeat.objects.values_list("pid", flat=True)) == {1, 4}


def test_it_says_what_each_process_does():
    doing = [{"name": "worker", "state": "busy", "task": "dht.tasks.run_scan", "since": None}]

    Heartbeat.objects.beat(WORKER, os.getpid(), started_at=None, processes=doing, facts={"a": 1})

    row = Heartbeat.objects.get()
    assert (row.processes, row.facts) == (doing, {"a": 1})
    assert row.is_alive(timezone.now())
