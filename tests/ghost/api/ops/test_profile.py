"""What was slow, over the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ghost.core.measurements.models import SlowCall
from ghost.core.measurements.slowest import SlowCalls, SlowKind
from tests import make

pytestmark = pytest.mark.django_db


def test_the_slowest_of_each_kind_are_told(client):
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    for kind, name, at, longest_s in (
        (SlowKind.REQUEST, "GET /a", hour, 2.0),
        (SlowKind.REQUEST, "GET /b", hour, 3.0),
        (SlowKind.REQUEST, "GET /old", hour - timedelta(hours=9), 9.0),
        (SlowKind.TASK, "x.y", hour, 60.0),
    ):
        calls = SlowCalls(2, 1.5 * longest_s, longest_s, now, "the-id")
        SlowCall.objects.add({(kind, name, at): calls})
    headers = {"Authorization": f"Bearer {make.admin().raw}"}

    told = client.get("/api/ops/profile", headers=headers).json()
    one = client.get("/api/ops/profile?hours=24&limit=1", headers=headers).json()

    assert [each["name"] for each in told["requests"]] == ["GET /b", "GET /a"]
    assert told["requests"][0]["mean_s"] == 2.25
    assert (told["requests"][0]["times"], told["requests"][0]["where"]) == (2, "the-id")
    assert (told["queries"], [each["name"] for each in told["tasks"]]) == ([], ["x.y"])
    assert [each["name"] for each in one["requests"]] == ["GET /old"]
    assert told["slow_from_s"]["query"] == 0.05
