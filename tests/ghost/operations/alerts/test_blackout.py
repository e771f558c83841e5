"""A database that does not answer is told without it: once, and its end once."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import OperationalError, connection

from ghost.operations.alerts import blackout, takeover
from tests.ghost.operations.figures.moments import heartbeat
from tests.threads import together

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(configure, tmp_path):
    configure(secrets_dir=tmp_path)


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1000.0

    monkeypatch.setattr(time, "monotonic", lambda: Clock.now)
    return Clock


def fail():
    blackout.failed(OperationalError("database is locked"))


def succeed():
    blackout.succeeded()


def wait_for_threads():
    for thread in threading.enumerate():
        if thread.name == "blackout":
            thread.join(20)


def test_after_a_minute_it_is_told_once_and_once_when_it_is_over(clock, receiver, mails):
    succeed()
    for clock.now in (1000, 1030, 1061, 1090, 1200):
        fail()
        wait_for_threads()
    told = list(receiver.events("database-unreachable"))
    for _ in range(3):
        succeed()
        wait_for_threads()

    assert told == ["firing"]
    assert receiver.events("database-unreachable") == ["firing", "over"]
    assert [mail["To"] for mail in mails.messages] == ["ada@example.org"] * 2
    said = "database is locked" if connection.vendor == "sqlite" else "OperationalError"
    assert f"for a minute: {said}" in receiver.posts[0]["text"]


def test_a_short_loss_is_not_told(clock, receiver):
    fail()
    clock.now += 50
    fail()
    succeed()
    clock.now += 50
    fail()
    wait_for_threads()

    assert receiver.posts == []


def test_of_many_processes_of_a_host_one_tells(receiver, monkeypatch):
    long_ago = time.monotonic() - 100
    error = OperationalError("away")

    together(*[lambda: blackout.failed(error, long_ago)] * 8)
    wait_for_threads()

    assert receiver.events() == ["firing"]


def test_failures_that_are_far_apart_are_no_loss(clock, receiver):
    for clock.now in (1000, 1200, 1400):
        fail()
    wait_for_threads()

    assert receiver.posts == []


def test_a_process_that_only_reads_ends_nothing(clock, receiver):
    fail()
    clock.now += 61
    fail()
    heartbeat()
    takeover.stand_in()
    wait_for_threads()

    assert receiver.events() == ["firing"]


def test_a_target_that_fails_is_tried_again(clock, receiver, monkeypatch):
    monkeypatch.setattr(blackout, "PAUSE_S", 0.01)
    receiver.answers = [500]
    succeed()
    fail()
    clock.now += 61
    fail()
    wait_for_threads()

    assert (len(receiver.asked), receiver.events()) == (2, ["firing"])
