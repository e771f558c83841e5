"""The heartbeat of web processes, whatever the database does."""

from __future__ import annotations

import importlib
import os
import sqlite3
from contextlib import closing

import pytest
from django.db import DatabaseError, connection

from ghost import wsgi
from ghost.core.heartbeats import web
from ghost.core.heartbeats.models import Heartbeat

ARBITER = 4711


@pytest.fixture
def heartbeat():
    made = web.WebHeartbeat(at_start=lambda: True)
    made.arbiter = ARBITER
    return made


@pytest.mark.django_db(transaction=True)  # it closes connections
def test_a_look_writes_the_row_of_the_group(heartbeat):
    assert heartbeat.look()

    row = Heartbeat.objects.get()
    assert (row.kind, row.pid) == ("web", ARBITER)


@pytest.mark.django_db(transaction=True)  # it closes connections
def test_two_processes_of_a_group_share_a_row(heartbeat):
    other = web.WebHeartbeat(at_start=lambda: True)
    other.arbiter = ARBITER

    assert (heartbeat.beat(), other.beat()) == (True, False)
    assert Heartbeat.objects.count() == 1


@pytest.mark.django_db(transaction=True)  # it closes connections
def test_each_look_does_what_the_process_has_to_do_besides():
    done: list[bool] = []
    heartbeat = web.WebHeartbeat(lambda: True, regularly=lambda: done.append(True))

    heartbeat.look()

    assert done == [True]


@pytest.mark.django_db(transaction=True)  # it closes connections
def test_nothing_is_written_until_the_start_went_well():
    answers = iter([False, True])
    heartbeat = web.WebHeartbeat(at_start=lambda: next(answers))

    looks = [heartbeat.look(), heartbeat.look(), heartbeat.look()]

    assert looks == [False, True, True]  # and it is not asked a third time


@pytest.mark.django_db(transaction=True)  # it closes connections
@pytest.mark.parametrize("error", [DatabaseError("gone"), ValueError("whatever")])
def test_a_look_that_fails_is_tried_again(heartbeat, error):
    def fail():
        raise error

    heartbeat.at_start = fail
    failed = heartbeat.look()
    heartbeat.at_start = lambda: True

    assert (failed, heartbeat.look()) == (False, True)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="locks the file")
def test_a_locked_database_ends_no_heartbeat(file_database, heartbeat):
    connection.ensure_connection()
    connection.cursor().execute("PRAGMA busy_timeout=50")
    with closing(sqlite3.connect(file_database)) as other:
        other.execute("BEGIN IMMEDIATE")
        locked = heartbeat.look()
        other.rollback()

    assert (locked, heartbeat.look()) == (False, True)


def test_a_fork_makes_the_parent_an_arbiter(heartbeat):
    heartbeat._become_arbiter()

    assert heartbeat.arbiter == os.getpid()


@pytest.mark.parametrize(
    ("server", "starts"), [("gunicorn/27.0", 1), ("", 0), ("WSGIServer/0.2", 0)]
)
def test_gunicorn_alone_has_a_heartbeat(monkeypatch, server, starts):
    started = []
    monkeypatch.setenv("SERVER_SOFTWARE", server)
    monkeypatch.setattr(web.WebHeartbeat, "start", lambda self: started.append(self))

    importlib.reload(wsgi)

    assert len(started) == starts
