"""Schedules over the API."""

from __future__ import annotations

import pytest
from django_q.models import OrmQ

from ghost.operations import schedules
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def headers():
    schedules.sync()
    return {"Authorization": f"Bearer {make.admin().raw}"}


def test_each_is_listed_with_its_next_run(client, headers, configure):
    configure(dht_scan_at="30 2 * * *", time_zone="Asia/Shanghai")
    schedules.sync()

    told = client.get("/api/ops/schedules", headers=headers).json()

    assert [each["name"] for each in told] == [each.slug for each in schedules.entries()]
    (scan,) = (each for each in told if each["name"] == "scan-health")
    assert (scan["cron"], scan["time_zone"], scan["every_minutes"]) == (
        "30 2 * * *", "Asia/Shanghai", None,
    )  # fmt: skip
    assert scan["next_run_at"].endswith("T18:30:00+00:00")


def test_run_queues_it_once(client, headers):
    first = client.post("/api/ops/schedules/scan-health/run", headers=headers)
    second = client.post("/api/ops/schedules/scan-health/run", headers=headers)
    unknown = client.post("/api/ops/schedules/os.system/run", headers=headers)

    assert (first.status_code, second.status_code, unknown.status_code) == (202, 409, 404)
    assert second.json()["detail"] == "It waits in the queue already."
    assert OrmQ.objects.get().task["id"] == first.json()["task_id"]
