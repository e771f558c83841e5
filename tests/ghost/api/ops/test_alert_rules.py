"""The rules of alerts over the API."""

from __future__ import annotations

import pytest

from ghost.operations.alerts.models import AlertRule
from tests import make

pytestmark = pytest.mark.django_db
BASE = "/api/ops/alerts"


@pytest.fixture
def headers():
    AlertRule.objects.sync()
    return {"Authorization": f"Bearer {make.admin().raw}"}


def test_rules_are_listed_changed_and_toggled(client, headers):
    before = client.get(f"{BASE}/rules", headers=headers).json()
    changed = client.patch(
        f"{BASE}/rules/disk", {"limit": 15, "wait_s": 60}, "application/json", headers=headers
    )
    toggled = client.post(f"{BASE}/rules/disk/toggle", headers=headers).json()
    back = client.post(f"{BASE}/rules/disk/toggle", headers=headers).json()

    assert (before[0]["name"], before[0]["default_limit"], before[0]["limit"]) == ("disk", 10, None)
    assert (changed.json()["limit"], changed.json()["wait_s"]) == (15, 60)
    assert (toggled["is_enabled"], back["is_enabled"], back["limit"]) == (False, True, 15)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("rules/disk", {"limit": 500}, 422),
        ("rules/disk", {"limit": "15"}, 422),
        ("rules/dht-empty", {"limit": 5}, 422),
        ("rules/disk", {"name": "x"}, 422),
        ("rules/no-such", {"limit": 5}, 404),
    ],
)
def test_what_makes_no_sense_is_refused(client, headers, path, body, status):
    answer = client.patch(f"{BASE}/{path}", body, "application/json", headers=headers)

    assert answer.status_code == status
    assert AlertRule.objects.filter(limit=None).count() == AlertRule.objects.count()
