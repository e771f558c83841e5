"""One writer's many turns, and the others that wait."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection

from ghost.core.catalog import fair_turns
from ghost.core.catalog.fair_turns import FairTurns
from ghost.core.catalog.models import Catalog


@pytest.mark.django_db
def test_the_catalog_is_free_for_as_long_as_it_was_held(monkeypatch):
    now, pauses = [100.0], list[float]()
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", pauses.append)
    turns = FairTurns()

    for held_s, elsewhere_s in [(0.25, 0.125), (0.25, 7.0), (9.0, 0.0), (0.0, 0.0)]:
        with turns.turn():
            now[0] += held_s
        now[0] += elsewhere_s

    assert pauses == [0.0, 0.125, 0.0, fair_turns.LONGEST_PAUSE_S]


def test_who_waits_gets_in_between(file_database):
    Catalog.get()
    order: list[str] = []

    def write():
        with Catalog.turn():
            order.append("other")
        connection.close()

    other, turns = threading.Thread(target=write), FairTurns()
    for number in range(4):
        with turns.turn():
            if not number:
                other.start()
            time.sleep(0.15)
            order.append("own")
    other.join()

    assert order.index("other") < 4
