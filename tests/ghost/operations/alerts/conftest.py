"""The same receivers as the channels have, and figures that a test makes up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from ghost.core.db import clock as clock_
from ghost.core.text.reasons import Reason, words
from ghost.operations.alerts import blackout
from ghost.operations.figures import Figures, Item, Status

GOOD = Item("database", Status.OK, words("answers"))


def bad(
    name: str, reason: Reason | str = "broken", *, status: Status = Status.DEGRADED, **more: Any
) -> Item:
    """An item that needs somebody."""
    said = reason if isinstance(reason, Reason) else words(reason)
    return Item(name, status, said, words("mend it"), **more)


def well(name: str, **more: Any) -> Item:
    return Item(name, Status.OK, words("well"), **more)


def figures(*items: Item) -> Figures:
    return Figures(timezone.now(), (GOOD, *items))


@pytest.fixture(autouse=True)
def own_blackout():
    """What a process saw of the database is of one test."""
    blackout._Seen.away_since, blackout._Seen.everybody = None, ()
    blackout._Seen.failed_at = 0.0


@pytest.fixture
def clock(monkeypatch):
    """`clock(30)`: as if so many seconds had passed."""

    class Clock:
        now = timezone.now()

        def __call__(self, seconds: float) -> None:
            Clock.now += timedelta(seconds=seconds)

    monkeypatch.setattr(clock_, "now", lambda: Clock.now)
    return Clock()
