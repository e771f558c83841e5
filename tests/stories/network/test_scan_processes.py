"""Scans by real processes: shared by two, and one that is killed in the middle."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from ghost.core.config.env import BASE_DIR
from tests.installation import Installation, wait_for
from tests.presence import present

pytestmark = pytest.mark.slow
DEAD = 10_000


@pytest.fixture
def place(tmp_path, swarm):
    """An installation with many magnets that nobody has: enough for a scan of some seconds."""
    variables = {
        "GHOST_DHT_TIMEOUT_S": "2",
        "GHOST_DHT_BOOTSTRAP_NODES": ",".join(swarm.bootstrap),
        "GHOST_DHT_LISTEN_INTERFACES": "127.0.0.1:0",
        "GHOST_ENABLE_SCHEDULER": "0",
        "GHOST_WORKERS": "2",
    }
    with Installation(tmp_path, **variables) as installation:
        installation.manage("generate_catalog", "--resources", "20")
        multiply(installation)
        yield installation


def multiply(place: Installation) -> None:
    """Fill the catalog with copies of its first resource under hashes of their own."""
    columns = [name for _, name, *_ in place.rows("PRAGMA table_info(resources_resource)")]
    place.write("DELETE FROM resources_resourcetag")
    place.write("DELETE FROM resources_resource WHERE id > 1")
    own = {"id": "n", "magnet_hash": "hash", "magnet_uri": "'magnet:?xt=urn:btih:' || hash"}
    own |= {"magnet_hash_v2": "NULL", "last_dht_check": "NULL", "takedown_at": "NULL"}
    place.write(
        f"""
        WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers LIMIT {DEAD}),
        hashes AS MATERIALIZED (SELECT n, lower(hex(randomblob(20))) AS hash FROM numbers)
        INSERT INTO resources_resource ({", ".join(columns)})
        SELECT {", ".join(own.get(name, f"r.{name}") for name in columns)}
        FROM hashes, resources_resource AS r WHERE r.id = 1
        """
    )


def start_scan(place: Installation) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "manage.py", "scan_health", "--all"],
        cwd=BASE_DIR, env=place.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def report(scanning: subprocess.Popen) -> dict:
    out, _ = scanning.communicate(timeout=120)
    assert scanning.returncode == 0, out
    return json.loads(out.splitlines()[-1])


def samples_of_each(place: Installation) -> list[tuple]:
    """How many resources have how many samples."""
    each = "SELECT count(*) AS n FROM dht_healthsample GROUP BY resource_id"
    return place.rows(f"SELECT n, count(*) FROM ({each}) GROUP BY n")


def checked(place: Installation) -> int:
    return place.rows("SELECT coalesce(max(checked), 0) FROM dht_scan")[0][0]


def test_two_processes_share_one_scan(place):
    total = place.rows("SELECT count(*) FROM resources_resource WHERE takedown_at IS NULL")[0][0]

    both = [start_scan(place), start_scan(place)]
    told = [report(scanning) for scanning in both]

    assert [t["checked"] for t in told] == [total, total]
    assert place.rows("SELECT state, total, checked FROM dht_scan") == [("done", total, total)]
    assert samples_of_each(place) == [(1, total)]


def test_a_scan_that_is_killed_keeps_what_it_found_and_is_taken_up(place):
    total = place.rows("SELECT count(*) FROM resources_resource WHERE takedown_at IS NULL")[0][0]
    killed = start_scan(place)
    wait_for("some results", lambda: checked(place) > 0)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    present(killed.stdout).close()
    kept = checked(place)
    assert 0 < kept < total
    assert samples_of_each(place) == [(1, kept)]

    told = report(start_scan(place))  # waits for the dead one's lease

    assert told["checked"] == total
    assert place.rows("SELECT state, total, checked FROM dht_scan") == [("done", total, total)]
    assert samples_of_each(place) == [(1, total)]
    assert place.rows("SELECT count(*) FROM dht_scanpart") == [(0,)]
