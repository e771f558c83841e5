"""docs/metrics.md names every metric that there is, and no other."""

from __future__ import annotations

import re

import pytest

from ghost.core.config.env import BASE_DIR
from ghost.core.measurements.counters import Counter
from ghost.operations.figures import gather
from ghost.operations.metrics import collector
from ghost.operations.metrics.gauges import OF_CATALOG, OF_COUNTS, OF_ROWS
from ghost.operations.stats import counting

pytestmark = pytest.mark.django_db


def _names() -> set[str]:
    """Of the tables of gauges."""
    found = {each.name for each in OF_COUNTS} | {each.name for each in OF_ROWS}
    return found | {each.name for each in OF_CATALOG}


def test_the_page_names_every_metric():
    page = (BASE_DIR / "docs" / "metrics.md").read_text()
    items = {item.name: item for item in gather().items}
    families = [
        *collector.of_standing(gather()),
        *collector.of_catalog(counting.count()),
        *collector.of_counters({}),
    ]

    told = {each.name + ("_total" if each.type == "counter" else "") for each in families}
    told |= _names()
    told |= {each.name for each in collector._of_processes(items["memory"])}
    assert set(re.findall(r"^\| `(ghost_\w+)`", page, re.MULTILINE)) == told


def test_a_name_is_given_once():
    tables = len(OF_COUNTS) + len(OF_ROWS) + len(OF_CATALOG)

    assert len(_names()) == tables
    assert not _names().intersection(Counter.known)
