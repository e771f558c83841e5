"""What /metrics tells: every figure, by Prometheus' conventions, at the same few queries."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from ghost.core.db import migrations_state
from ghost.core.measurements.counters import Counter
from ghost.core.measurements.models import CounterValue
from ghost.core.text.reasons import words
from ghost.operations import figures
from ghost.operations.figures import Item, Status
from ghost.operations.metrics import collector, gauges
from ghost.operations.metrics.collector import Collector
from ghost.operations.stats import counting
from tests import make
from tests.ghost.operations.samples.rows import sample

pytestmark = pytest.mark.django_db


def told() -> dict[tuple[str, ...], float]:
    """Every sample, by name and labels."""
    text = generate_latest(Collector()).decode()
    return {
        (each.name, *each.labels.values()): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


@pytest.fixture
def everything():
    """Something of each kind, so that every gauge has a value."""
    make.resource(dht_status="Active")
    counting.count()
    sample(timezone.now())
    CounterValue.objects.add(
        {
            ("ghost_probes", ("ok",), ""): 7,
            ("ghost_http_request_duration_seconds", ("api",), "0.1"): 2,
            ("ghost_http_request_duration_seconds", ("api",), "0.5"): 3,
            ("ghost_http_request_duration_seconds", ("api",), "sum"): 1.5,
            ("ghost_task_duration_seconds", ("x.y",), "+Inf"): 4,
            ("ghost_task_duration_seconds", ("x.y",), "sum"): 8.5,
        }
    )


def test_gauges_counters_and_durations(everything):
    found = told()

    assert found["ghost_status", "ok"] + found["ghost_status", "degraded"] == 1
    assert found["ghost_item_status", "database", "ok"] == 1
    assert found["ghost_resources", "live"] == 1
    assert found["ghost_live_resources", "Active"] == 1
    assert found["ghost_host_memory_available_bytes", "ghost-1"] == 4 << 30
    assert found["ghost_host_cpu_ratio", "ghost-1"] == 0.1
    assert found["ghost_process_memory_bytes", "ghost-1", "worker"] == 300
    assert found["ghost_probes_total", "ok"] == 7
    assert found["ghost_probes_total", "timeout"] == 0
    assert found["ghost_task_duration_seconds_count", "x.y"] == 4
    assert found["ghost_task_duration_seconds_sum", "x.y"] == 8.5


def test_buckets_hold_those_below_them(everything):
    found = told()

    buckets = {
        key[2]: value
        for key, value in found.items()
        if key[:2] == ("ghost_http_request_duration_seconds_bucket", "api")
    }
    assert (buckets["0.05"], buckets["0.1"], buckets["0.25"], buckets["0.5"]) == (0, 2, 2, 5)
    assert buckets["+Inf"] == found["ghost_http_request_duration_seconds_count", "api"] == 5


def test_every_family_says_what_it_is(everything):
    families = list(text_string_to_metric_families(generate_latest(Collector()).decode()))

    assert {family.name for family in families if not family.documentation} == set()
    assert {family.name for family in families if not family.name.startswith("ghost_")} == set()
    assert len({family.name for family in families}) == len(families)


def test_every_gauge_of_the_tables_has_a_value_once_there_is_something_to_tell(everything):
    items = {item.name: item for item in figures.gather().items}

    for each in gauges.OF_COUNTS:
        assert each.item in items, each.name
    missing = {
        each.name for each in gauges.OF_ROWS
        for row in items[each.item].rows if each.column not in row and not row.get("vendor")
    }  # fmt: skip
    assert missing == set()
    assert {
        each.name for each in gauges.OF_CATALOG if (each.name,) not in {k[:1] for k in told()}
    } == set()


def test_a_count_that_stands_in_no_table_is_told_all_the_same():
    item = Item("novel", Status.OK, words("fine"), counts={"failed": 2, "longest_s": 1.5})

    families = {each.name: each.samples for each in collector.of_items({"novel": item})}

    assert families["ghost_novel_failed"][0].value == 2
    assert families["ghost_novel_longest_seconds"][0].value == 1.5


def test_what_an_earlier_version_counted_is_not_told():
    CounterValue.objects.add({("ghost_gone", (), ""): 1, ("ghost_probes", ("ok", "more"), ""): 5})

    found = told()

    assert not any(key[0].startswith("ghost_gone") for key in found)
    assert found["ghost_probes_total", "ok"] == 0


def test_without_a_database_it_says_so(monkeypatch, client, configure):
    configure(metrics_enabled=True)

    def away():
        raise DatabaseError("away")

    monkeypatch.setattr(migrations_state, "is_migrated", away)
    answer = client.get("/metrics")

    assert answer.status_code == 200
    assert b'ghost_item_status{item="database",status="down"} 1.0' in answer.content
    assert b"ghost_resources{" not in answer.content


def test_it_takes_the_same_few_queries_however_much_there_is(
    everything, django_assert_max_num_queries
):
    for _ in range(3):
        make.resource()
    most = {"sqlite": 27, "postgresql": 29}[connection.vendor]  # 3 more than the figures alone
    with django_assert_max_num_queries(most):
        generate_latest(Collector())


def test_each_counter_has_labels_that_are_names():
    for counter in Counter.known.values():
        assert all(label.isidentifier() for label in counter.labels), counter.name
        assert not counter.name.endswith("_total")


def test_prometheus_itself_finds_nothing_wrong(everything):
    promtool = shutil.which("promtool")
    assert promtool, "promtool comes with Debian's package prometheus: see .ci/run"

    done = subprocess.run(
        [promtool, "check", "metrics"], input=generate_latest(Collector()), capture_output=True,
        check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
