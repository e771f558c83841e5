"""What operators are given to watch Ghost with: alert rules, and a dashboard for Grafana."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from ghost.core.config.env import BASE_DIR
from ghost.operations.alerts.rules import RULES

FOLDER = BASE_DIR / "deploy" / "monitoring"
SUFFIXES = ("_bucket", "_sum", "_count")


@pytest.fixture(scope="module")
def known() -> set[str]:
    """Every metric, by docs/metrics.md (another test holds that page to what is told)."""
    page = (BASE_DIR / "docs" / "metrics.md").read_text()
    names = set(re.findall(r"^\| `(ghost_\w+)`", page, re.MULTILINE))
    return names | {name + suffix for name in names for suffix in SUFFIXES}


def alerts() -> list[dict[str, str]]:
    """Each alert by its fields, as they stand line by line."""
    text = (FOLDER / "ghost-alerts.yml").read_text()
    return [dict(re.findall(r"(\w+): (\S.*)", part)) for part in text.split("- alert: ")[1:]]


def test_promtool_finds_the_rules_right_and_they_fire_when_they_should():
    for command in (
        ["check", "rules", "ghost-alerts.yml"],
        ["test", "rules", "ghost-alerts.test.yml"],
    ):
        done = subprocess.run(
            ["promtool", *command], cwd=FOLDER, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_rules_ask_for_metrics_that_there_are(known):
    text = (FOLDER / "ghost-alerts.yml").read_text()

    assert set(re.findall(r"\bghost_\w+", text)) <= known


def test_every_rule_of_ghost_has_an_alert_with_the_same_run_book():
    books: dict[str, set[str]] = {}
    for alert in alerts():
        books.setdefault(alert.get("rule", ""), set()).add(alert["runbook_url"])

    books.pop("")
    assert books == {name: {rule.runbook_path} for name, rule in RULES.items()}


def test_every_alert_says_what_it_is_and_where_to_read_on():
    for alert in alerts():
        assert {"severity", "summary", "description", "runbook_url", "for"} <= set(alert), alert


def panels(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All panels of the dashboard, those in rows too."""
    for panel in found.get("panels", []):
        yield panel
        yield from panels(panel)


def test_the_dashboard_asks_for_metrics_that_there_are(known):
    dashboard = json.loads((FOLDER / "ghost-dashboard.json").read_text())
    asked = [target["expr"] for panel in panels(dashboard) for target in panel.get("targets", [])]

    assert len(asked) > 20
    assert set(re.findall(r"\bghost_\w+", " ".join(asked))) <= known
    numbers = [panel["id"] for panel in panels(dashboard)]
    assert len(set(numbers)) == len(numbers)


def test_no_panel_covers_another():
    dashboard = json.loads((FOLDER / "ghost-dashboard.json").read_text())
    places = set()
    for panel in panels(dashboard):
        grid = panel["gridPos"]
        for x in range(grid["x"], grid["x"] + grid["w"]):
            for y in range(grid["y"], grid["y"] + grid["h"]):
                assert (x, y) not in places, panel["title"]
                assert x < 24
                places.add((x, y))
