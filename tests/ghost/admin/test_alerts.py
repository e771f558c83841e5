"""Operators see what is wrong, are told less, change rules, and read what to do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from pydantic import SecretStr

from ghost.core.text.reasons import words
from ghost.operations.alerts import runbooks
from ghost.operations.alerts.models import Alert, AlertRule
from ghost.operations.channels.models import Delivery
from tests import operators

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert() -> Alert:
    now = timezone.now()
    AlertRule.objects.sync()
    return Alert.objects.create(
        rule="disk", subject="GHOST_DB_PATH (one)", since=now, fired_at=now, level="critical",
        state="firing", reason=words("0.5 % free"), advice=words("Make space"),
    )  # fmt: skip


def test_the_dashboard_begins_with_what_is_wrong(alert):
    page = operators.client("Viewer").get("/admin/").content.decode()

    assert "Disk nearly full: GHOST_DB_PATH (one)" in page
    assert "0.5 % free" in page
    assert "1 alert</a>" in page
    assert reverse("admin:ghost_runbook", args=("disk-full",)) in page


@pytest.mark.parametrize(("action", "hours"), [("silence_8", 8), ("end_silence", None)])
def test_an_alert_and_a_rule_can_be_silenced(alert, action, hours):
    browser = operators.client("Operator")
    rule = AlertRule.objects.get(name="disk")
    alert.silence(timezone.now() + timedelta(days=2))

    operators.act(browser, "ghost_alert", action, alert)
    operators.act(browser, "ghost_alertrule", action, rule)

    for row in (Alert.objects.get(), AlertRule.objects.get(name="disk")):
        left = row.silenced_until and (row.silenced_until - timezone.now()).total_seconds() / 3600
        assert left == (hours and pytest.approx(hours, abs=0.1))


def test_a_rule_is_switched_off_and_its_limit_changed(alert):
    browser, rule = operators.client("Operator"), AlertRule.objects.get(name="disk")
    form = operators.form_of("ghost_alertrule", "disk")

    operators.act(browser, "ghost_alertrule", "switch_off", rule)
    off = AlertRule.objects.get(name="disk").is_enabled
    refused = browser.post(form, {"is_enabled": "on", "limit": "500", "wait_s": ""})
    browser.post(form, {"is_enabled": "on", "limit": "25", "wait_s": "60"})

    assert off is False
    assert "Must be from 1 to 90." in refused.content.decode()
    row = AlertRule.objects.get(name="disk")
    assert (row.is_enabled, row.limit, row.wait_s) == (True, 25.0, 60)


def test_who_only_looks_changes_nothing(alert):
    browser, rule = operators.client("Viewer"), AlertRule.objects.get(name="disk")

    operators.act(browser, "ghost_alertrule", "switch_off", rule)
    test = browser.post(reverse("admin:ghost_alert_test"))

    assert AlertRule.objects.get(name="disk").is_enabled
    assert test.status_code == 403


def test_a_test_message_is_written_by_post_alone(alert, configure):
    browser, url = operators.client("Operator"), reverse("admin:ghost_alert_test")
    without = operators.told(browser.post(url))
    configure(alert_webhooks=SecretStr("https://hooks.example/s3cret"))

    looked = browser.get(url)
    done = operators.told(browser.post(url))

    assert "No channel is configured" in without[0]
    assert (looked.status_code, Delivery.objects.get().kind) == (405, "test")
    assert "1 message is sent." in done[-1]


def test_messages_name_people_only_to_who_may_see_them():
    Delivery.objects.create(
        kind="test",
        channel="mail",
        target="operator:zaphod",
        subject="x",
        created_at=timezone.now(),
    )

    pages = [
        operators.client(group).get(operators.list_of("ghost_delivery")).content.decode()
        for group in (None, "Viewer")
    ]

    assert ["zaphod" in page for page in pages] == [True, False]


def test_a_run_book_is_read_in_the_admin(alert, monkeypatch, tmp_path):
    monkeypatch.setattr(runbooks, "FOLDER", tmp_path)
    text = (
        "# Disk full\n\n<script>x</script> See [the queue](queue-long.md#now) and [how](../a.md).\n"
    )
    (tmp_path / "disk-full.md").write_text(text)
    browser = operators.client("Viewer")

    page = browser.get(reverse("admin:ghost_runbook", args=("disk-full",)))
    missing = browser.get(reverse("admin:ghost_runbook", args=("no-such",)))

    body = page.content.decode()
    assert '<a href="../queue-long/#now">the queue</a> and how.' in body
    assert "<script>x" not in body
    assert missing.status_code == 404
