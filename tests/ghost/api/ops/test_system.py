"""How busy each host was, over the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import make
from tests.ghost.operations.samples.rows import sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def headers():
    return {"Authorization": f"Bearer {make.admin().raw}"}


def test_it_tells_as_many_hours_as_asked_for(client, headers):
    now = timezone.now()
    for hours in (0.1, 5, 30):
        sample(now - timedelta(hours=hours), cpu_percent=hours)

    day = client.get("/api/ops/system", headers=headers).json()
    hour = client.get("/api/ops/system?hours=1", headers=headers).json()

    assert [len(told["hosts"][0]["samples"]) for told in (day, hour)] == [2, 1]
    (host,) = day["hosts"]
    assert (host["host"], host["cores"], host["last"]["cpu_percent"]) == ("ghost-1", 2, 0.1)
    assert host["disks"][0]["free_bytes"] == 1000


@pytest.mark.parametrize("hours", [0, 337, "many"])
def test_it_goes_back_as_far_as_samples_are_kept(client, headers, hours):
    assert client.get(f"/api/ops/system?hours={hours}", headers=headers).status_code == 422


def test_a_publisher_may_not_see_it(client):
    headers = {"Authorization": f"Bearer {make.publisher().raw}"}

    assert client.get("/api/ops/system", headers=headers).status_code == 403
