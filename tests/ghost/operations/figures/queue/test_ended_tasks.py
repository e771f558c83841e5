"""How many of the tasks that ended of late failed."""

from __future__ import annotations

import pytest
from django_q.models import Task

from tests.ghost.operations.figures.moments import ago, item, told

pytestmark = pytest.mark.django_db


def end(number: int, *, ok: bool, minutes: int = 5) -> None:
    when = ago(minutes=minutes)
    for each in range(number):
        name = f"{ok}{minutes}{each}"
        Task.objects.create(id=name, name=name, func="x", started=when, stopped=when, success=ok)


@pytest.mark.parametrize(
    ("ended", "failed", "long_ago", "status"),
    [(0, 0, 0, "ok"), (0, 2, 0, "ok"), (12, 3, 0, "degraded"), (13, 3, 0, "ok"), (0, 0, 9, "ok")],
)
def test_a_share_that_is_too_large_needs_somebody(ended, failed, long_ago, status):
    end(ended, ok=True)
    end(failed, ok=False)
    end(long_ago, ok=False, minutes=61)

    found = item("jobs")

    assert told("jobs")[0] == status
    assert (found.counts["ended"], found.counts["failed"]) == (ended + failed, failed)
