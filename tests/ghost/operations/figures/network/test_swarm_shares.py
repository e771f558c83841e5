"""The share of what is active, and its fall."""

from __future__ import annotations

import pytest

from dht.models import Scan
from tests.ghost.operations.figures.moments import ago, item, told

pytestmark = pytest.mark.django_db


def scan(active: int, stale: int, **when: float) -> None:
    Scan.objects.create(trigger="x", state="done", active=active, stale=stale, ended_at=ago(**when))


@pytest.mark.parametrize(
    ("before", "lately", "said"),
    [
        ((80, 20), (61, 39), ("ok", "swarms.share")),
        ((80, 20), (59, 41), ("degraded", "swarms.fell")),
        ((20, 80), (90, 10), ("ok", "swarms.share")),
        ((80, 20), (1, 9), ("unknown", "nothing_seen")),  # of few a share says nothing
    ],
)
def test_a_fall_of_the_share_needs_care(before, lately, said):
    scan(*before, days=3)
    scan(*lately, hours=2)

    assert told("swarms") == said


def test_what_is_older_does_not_count():
    scan(80, 20, days=9)
    scan(10, 90, hours=2)

    assert told("swarms")[0] == "unknown"
    assert item("swarms").counts == {}
