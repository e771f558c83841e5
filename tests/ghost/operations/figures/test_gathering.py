"""All figures at once, and how long they are kept."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections

from ghost.core.db import migrations_state
from ghost.operations import figures
from ghost.operations.figures import gathering, sentences
from ghost.operations.figures.item import Status

pytestmark = pytest.mark.django_db


def test_every_item_has_a_title_and_a_bad_one_says_what_to_do():
    found = figures.gather()

    assert [item.name for item in found.items] == list(sentences.TITLES)
    assert {item.name for item in found.items if item.is_bad and not item.advice} == set()


def test_a_check_that_breaks_hides_no_other(monkeypatch, caplog):
    def breaks(moment):
        raise ValueError("a bug")

    sources = [(n, breaks if n == "deployments" else source) for n, source in gathering.SOURCES]
    monkeypatch.setattr(gathering, "SOURCES", sources)

    found = {item.name: item for item in figures.gather().items}

    assert found["deployments"].status == Status.DEGRADED
    assert found["disk"].status == Status.OK
    assert "a bug" in caplog.text


def test_a_database_that_goes_away_meanwhile(monkeypatch):
    def away(moment):
        raise DatabaseError("connection lost")

    monkeypatch.setattr(gathering, "SOURCES", [("deployments", away)])

    found = figures.gather()

    assert (found.word, found.is_serving) == ("degraded", False)
    assert found.items[0].advice


def test_an_error_of_the_database_tells_no_password(monkeypatch):
    def away():
        raise DatabaseError("could not connect to postgresql://u:secret@db/x")

    monkeypatch.setattr(migrations_state, "is_migrated", away)

    assert "secret" not in str(figures.gather().items[0].last_error)


def test_what_is_gathered_is_kept_for_a_moment(monkeypatch):
    looks = []
    kept = gathering._Kept(lambda: looks.append(1) or figures.gather())

    first, second = kept.get(), kept.get()
    monkeypatch.setattr(gathering, "KEPT_S", 0)
    kept.get()

    assert first is second
    assert len(looks) == 2


def test_while_one_thread_gathers_for_long_the_others_take_what_is_there(monkeypatch):
    begun, go_on = threading.Event(), threading.Event()
    answers = iter([1, 2])

    def look() -> Any:
        number = next(answers)
        if number == 2:
            begun.set()
            go_on.wait(10)
        return number

    kept = gathering._Kept(look)
    first: Any = kept.get()
    monkeypatch.setattr(gathering, "KEPT_S", 0)
    monkeypatch.setattr(gathering, "PATIENCE_S", 0)
    slow = threading.Thread(target=kept.get)
    slow.start()
    begun.wait(10)

    meanwhile: Any = kept.get()

    go_on.set()
    slow.join()
    assert (first, meanwhile) == (1, 1)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="locks the file")
def test_it_answers_while_somebody_holds_the_write_lock(file_database, client):
    connection.ensure_connection()
    with closing(sqlite3.connect(file_database)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        codes = [client.get(path).status_code for path in ("/health", "/ready")]
        took_s = time.monotonic() - started
        writer.rollback()

    assert codes == [200, 200]
    assert took_s < 10  # a writer would have waited for 20 s
    connections.close_all()


def test_it_takes_the_same_few_queries_however_much_there_is(django_assert_max_num_queries):
    most = {"sqlite": 24, "postgresql": 26}[connection.vendor]
    with django_assert_max_num_queries(most):
        figures.gather()
