"""Progress is told now and then, a new stage at once."""

from __future__ import annotations

import time

import pytest

from ghost.core.jobs import worker
from tests.ghost.core.jobs.steps import ask, begin, told

pytestmark = pytest.mark.django_db


def test_progress_is_told_once_a_second_and_each_stage_at_once(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    job = ask()
    begin(job)

    for now in (0.0, 0.3, 0.9, 1.2, 1.5):
        clock[0] = now
        worker.report("hugo", int(now * 10), 20)
    worker.report("check")

    assert told()[2:] == [
        ("running", "hugo", {"done": 0, "total": 20}),
        ("running", "hugo", {"done": 12, "total": 20}),
        ("running", "check", None),
    ]
