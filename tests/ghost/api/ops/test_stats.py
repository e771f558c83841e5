"""How much there is, over the API."""

from __future__ import annotations

import pytest

from ghost.core.measurements.models import CounterValue
from ghost.operations.stats import counting
from tests import make

pytestmark = pytest.mark.django_db


def test_it_tells_what_metrics_tell(client):
    make.resource()
    counting.count()
    CounterValue.objects.add({("ghost_probes", ("ok",), ""): 3})
    headers = {"Authorization": f"Bearer {make.admin().raw}"}

    told = client.get("/api/ops/stats", headers=headers).json()

    assert told["catalog"]["counts"]["resources_by_state"]["live"] == 1
    assert {"name": "ghost_probes", "labels": {"result": "ok"}, "value": 3.0} in told["counters"]
    assert {item["name"]: item["status"] for item in told["items"]}["database"] == "ok"


def test_an_operator_who_only_looks_may_see_it(client, django_user_model):
    person = django_user_model.objects.create_user("viewer", is_staff=True)
    client.force_login(person)

    assert client.get("/api/ops/stats").status_code == 200
