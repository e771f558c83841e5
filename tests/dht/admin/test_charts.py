"""The drawing of a resource's health: coordinates are what the page shows."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from dht.admin import charts
from dht.models import HealthSample
from tests.presence import present

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def sample(days_ago, status="Active", peers=0, seeds=None, was=None):
    return HealthSample(
        checked_at=NOW - timedelta(days=days_ago), status=status, was=was or status,
        num_peers=peers, num_seeds=seeds,
    )  # fmt: skip


def bands(chart):
    return {lane.status: lane.path for lane in chart.lanes}


def test_nothing_is_drawn_of_nothing():
    assert charts.draw([]) is None


def test_one_sample_is_a_dot_and_a_band_till_now():
    chart = present(charts.draw([sample(0.5, peers=4)]))

    assert (chart.begins_at, chart.ends_at, chart.top) == (NOW - timedelta(days=1), NOW, 4)
    assert bands(chart) == {"Active": "M500.0 118H1000.0", "Stale": "", "Unknown": ""}
    assert (chart.peers, chart.dots, chart.seeds) == ("M500.0 8.0", "M500.0 8.0h0", "")


def test_a_status_holds_until_the_next_look_up_says_another():
    chart = present(
        charts.draw(
            [sample(10), sample(8), sample(5, "Stale", was="Active"), sample(1, was="Stale")]
        )
    )

    assert bands(chart) == {
        "Active": "M0.0 118H500.0M900.0 118H1000.0",
        "Stale": "M500.0 136H900.0",
        "Unknown": "",
    }
    assert chart.changes == 2


def test_a_short_time_is_seen():
    chart = charts.draw([sample(90), sample(0, "Stale", was="Active")])

    assert bands(chart)["Stale"] == "M996.0 136H1000.0"


def test_seeds_are_interrupted_where_nobody_told_them():
    chart = present(
        charts.draw([sample(4, peers=10, seeds=10), sample(3), sample(2, seeds=0), sample(0)])
    )

    assert chart.seeds == "M0.0 8.0M500.0 96.0"
    assert (chart.top, chart.most_peers) == (10, 10)


def test_many_samples_are_one_line_without_dots():
    chart = present(charts.draw([sample(90 - n * 0.18, peers=n) for n in range(500)]))

    assert (chart.peers.count("L"), chart.dots, chart.top) == (499, "", 500)


def test_a_sample_from_the_future_of_this_clock_stays_inside():
    chart = present(charts.draw([sample(1, peers=1), sample(-1, peers=1)]))

    assert chart.peers == "M0.0 8.0L1000.0 8.0"


@pytest.mark.parametrize(
    ("count", "top"),
    [(0, 1), (1, 1), (2, 2), (7, 8), (10, 10), (11, 20), (51, 60), (801, 1000), (4711, 5000)],
)
def test_the_upper_edge_is_a_round_number(count, top):
    assert charts._round_up(count) == top
