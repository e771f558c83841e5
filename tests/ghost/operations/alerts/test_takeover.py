"""A web process looks after alerts where no worker does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from ghost.operations.alerts import blackout, evaluation, takeover
from ghost.operations.alerts.models import AlertWatch
from tests.ghost.operations.figures.moments import heartbeat

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("seen_ago", "is_needed"),
    [
        (timedelta(seconds=30), False),
        (timedelta(seconds=61), True),
        (timedelta(days=-400), True),  # of a clock that was set back since
        (None, True),
    ],
)
def test_it_is_needed_when_no_worker_was_heard_of_for_a_minute(seen_ago, is_needed):
    if seen_ago is not None:
        heartbeat(seen_ago=seen_ago)

    assert takeover.is_needed() is is_needed


def test_while_a_worker_lives_nobody_else_looks():
    heartbeat()

    assert takeover.stand_in() is False
    assert not AlertWatch.objects.exists()


def test_without_one_a_web_process_looks():
    assert takeover.stand_in() is True
    assert AlertWatch.objects.get().looked_by


def test_nothing_that_goes_wrong_ends_the_thread(monkeypatch, caplog):
    for error in (OperationalError("locked"), ValueError("odd")):
        monkeypatch.setattr(
            evaluation, "evaluate", lambda error=error: (_ for _ in ()).throw(error)
        )
        takeover.look()

    takeover.look(OperationalError("locked"))
    assert blackout._Seen.away_since is not None
    assert ["could not be" in r.message or "failed" in r.message for r in caplog.records] == [
        True
    ] * 2
    assert timezone.now()
