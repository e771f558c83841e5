"""A worker says that it is replaced for its memory, when django-q2 will do so."""

from __future__ import annotations

import logging

import pytest
from django.db import DatabaseError

from ghost.operations.workers import memory
from ghost.operations.workers.models import WorkerReplacement
from tests.ghost.operations.figures.moments import ago

pytestmark = pytest.mark.django_db


def test_a_worker_below_the_limit_or_without_one_says_nothing(configure):
    for limit_mb in (0, 1_000_000):
        configure(worker_max_memory_mb=limit_mb)
        memory.tell(task={})

    assert not WorkerReplacement.objects.exists()


def test_one_above_it_is_written_down_and_what_is_a_day_old_forgotten(configure, caplog):
    configure(worker_max_memory_mb=1)
    WorkerReplacement.objects.create(at=ago(hours=25), host="old", pid=1, memory_mb=1)

    memory.tell(task={})

    [row] = WorkerReplacement.objects.all()
    assert row.memory_mb == memory.highest_mb() > 20
    assert "is replaced (GHOST_WORKER_MAX_MEMORY_MB=1)" in caplog.text


def test_a_worker_ends_its_task_also_if_that_cannot_be_written(configure, caplog, monkeypatch):
    def away(*args):
        raise DatabaseError("locked")

    configure(worker_max_memory_mb=1)
    monkeypatch.setattr(type(WorkerReplacement.objects), "note", away)

    with caplog.at_level(logging.WARNING):
        memory.tell(task={})

    assert "could not be written down" in caplog.text
