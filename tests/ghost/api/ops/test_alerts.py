"""Alerts over the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pydantic import SecretStr

from ghost.core.text.reasons import words
from ghost.operations.alerts.models import Alert, AlertRule
from ghost.operations.channels.models import Delivery
from tests import make

pytestmark = pytest.mark.django_db
BASE = "/api/ops/alerts"


@pytest.fixture
def headers():
    AlertRule.objects.sync()
    return {"Authorization": f"Bearer {make.admin().raw}"}


@pytest.fixture
def alert() -> Alert:
    now = timezone.now()
    return Alert.objects.create(
        rule="dht-empty", since=now, fired_at=now, level="warning", state="firing",
        reason=words("no node answers"), advice=words("open the firewall"),
    )  # fmt: skip


def test_alerts_are_listed_with_what_to_do(client, headers, alert):
    Alert.objects.create(rule="disk", since=timezone.now(), level="warning", state="over")

    (told,) = client.get(f"{BASE}?state=firing", headers=headers).json()

    assert len(client.get(BASE, headers=headers).json()) == 2
    assert (told["rule"], told["title"], told["state"]) == (
        "dht-empty", "DHT without nodes", "firing",
    )  # fmt: skip
    assert (told["reason"], told["advice"]) == ("no node answers", "open the firewall")
    assert told["runbook"] == "docs/runbooks/dht-empty.md"
    assert told["admin_url"].endswith("/admin/dht/scan/")


def test_a_rule_and_an_alert_are_silenced_for_a_while(client, headers, alert):
    until = (timezone.now() + timedelta(hours=8)).isoformat()
    past = (timezone.now() - timedelta(hours=8)).isoformat()

    def silence(path: str, value: str | None):
        url = f"{BASE}/{path}/silence"
        return client.post(url, {"until": value}, "application/json", headers=headers)

    for path in ("rules/disk", str(alert.pk)):
        assert silence(path, until).json()["silenced_until"] == until
        assert silence(path, past).status_code == 422
        assert silence(path, None).json()["silenced_until"] is None


def test_a_test_message_is_sent_by_every_channel(client, headers, configure):
    without = client.post(f"{BASE}/test", headers=headers)
    configure(alert_webhooks=SecretStr("https://hooks.example/s3cret"))

    answer = client.post(f"{BASE}/test", headers=headers)
    listed = client.get(f"{BASE}/messages", headers=headers)

    assert without.status_code == 400
    assert (answer.status_code, answer.json()) == (202, listed.json())
    assert listed.json()[0]["target"].startswith("hooks.example#")
    assert "s3cret" not in listed.content.decode()
    assert Delivery.objects.get().kind == "test"
