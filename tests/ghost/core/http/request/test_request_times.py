"""Requests by the part of Ghost that answers, and by nothing that a stranger chooses."""

from __future__ import annotations

import pytest

from ghost.core.http.request import request_times
from ghost.core.measurements import counters, slowest
from ghost.core.measurements.slowest import SlowKind

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted():
    counters.pending.take(), slowest.pending.take()


def counted(name):
    return {
        labels: number
        for (counter, labels, _part), number in counters.pending.take().items()
        if counter == name
    }


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("GET", "/health", ("monitoring", "GET", "2xx")),
        ("GET", "/api/health", ("monitoring", "GET", "2xx")),
        ("GET", "/api/resources", ("api", "GET", "4xx")),
        ("GET", "/api/torznab/api", ("torznab", "GET", "4xx")),
        ("GET", "/admin/", ("admin", "GET", "3xx")),
        ("GET", "/static/ghost/admin.css", ("static", "GET", "2xx")),
        ("GET", "/no/such/page", ("site", "GET", "4xx")),
        ("BREW", "/coffee", ("site", "other", "4xx")),
    ],
)
def test_each_request_is_counted_once(client, method, path, labels):
    client.generic(method, path).close()

    assert counted("ghost_http_requests") == {labels: 1}


def test_how_long_it_took_is_counted_by_area(client):
    client.get("/health")

    taken = counters.pending.take()
    buckets = [p for name, labels, p in taken if labels == ("monitoring",) and p != counters.SUM]
    assert len(buckets) == 1


def test_a_slow_request_is_told_by_its_pattern_and_its_id(client, monkeypatch):
    monkeypatch.setitem(slowest.SLOW_S, SlowKind.REQUEST, 0.0)

    client.get("/api/resources/4711?secret=1", headers={"X-Request-ID": "the-request"})

    seen = {key[1]: calls for key, calls in slowest.pending.take().items()}
    assert [calls.where for calls in seen.values()] == ["the-request"]
    assert next(iter(seen)).startswith("GET /api/resources/")
    assert "4711" not in str(seen)


def test_every_route_belongs_to_an_area_that_is_known():
    labels = request_times.REQUESTS.labels

    assert set(request_times.AREAS.values()) < set(labels["area"])
