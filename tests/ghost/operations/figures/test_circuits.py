"""Hosts of covers that are left alone."""

from __future__ import annotations

import pytest

from builds.models import CoverHost
from ghost.core.text.reasons import words
from tests.ghost.operations.figures.moments import item, told

pytestmark = pytest.mark.django_db


def fail(times: int) -> None:
    for _ in range(times):
        CoverHost.objects.note_failure("covers.example", words("HTTP 503"))


def test_a_failure_opens_no_circuit():
    fail(1)

    assert told("circuits") == ("ok", "circuits.closed")
    assert item("circuits").counts == {"open": 0, "failing": 1}


def test_an_open_circuit_degrades_health_until_it_is_closed(client):
    fail(3)
    opened, word = told("circuits"), client.get("/health").json()
    CoverHost.objects.reset()

    assert (opened, word) == (("degraded", "circuits.open"), {"status": "degraded"})
    assert told("circuits") == ("ok", "circuits.closed")
