"""What a dashboard asks for first, and the database."""

from __future__ import annotations

import pytest
from django.db import connection

from ghost.core.jobs import pause
from ghost.operations.stats import counting
from tests import make

pytestmark = pytest.mark.django_db


def test_the_installation_at_a_glance(client):
    make.resource()
    counting.count()
    pause.pause()

    found = client.get("/api/ops/dashboard", **make.auth(make.admin())).json()

    problems = {each["name"]: each for each in found["problems"]}
    assert found["status"] == "degraded"
    assert problems["queue"]["advice"]
    assert found["catalog"]["counts"]["resources_by_state"]["live"] == 1
    assert (found["queue"]["state"], found["workers"]) == ("drained", 0)
    assert found["least_free_disk_percent"] > 0


def test_the_database_tells_its_size(client):
    found = client.get("/api/ops/database", **make.auth(make.admin())).json()

    assert (found["status"], found["vendor"]) == ("ok", connection.vendor)
    assert (found["is_migrated"], found["size_bytes"] > 0) == (True, True)
    assert 0 < found["answered_in_ms"] < 60_000
    assert bool(found["largest_tables"]) is (connection.vendor == "postgresql")
