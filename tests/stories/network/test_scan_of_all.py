"""A scan of all with real parts: API → queue → workers → DHT → answer."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import make
from tests.installation import Installation, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

ADDRESS = "/admin/dht/scan-all?wait=true&timeout_s=60"


@pytest.fixture
def place(tmp_path, swarm):
    variables = {
        "GHOST_DHT_BOOTSTRAP_NODES": ",".join(swarm.bootstrap),
        "GHOST_DHT_LISTEN_INTERFACES": "127.0.0.1:0",
        "GHOST_MAGNET_METADATA_TIMEOUT_S": "3",
        "GHOST_DHT_TIMEOUT_S": "2",
        "GHOST_DHT_STALE_AFTER": "1",
        "GHOST_WORKERS": "2",
    }
    with Installation(tmp_path, **variables) as installation:
        installation.start("web")
        installation.start("worker")
        yield installation


def test_two_callers_wait_for_one_scan_of_all(place, swarm):
    publisher, admin = place.token(), place.token("Admin", "Root")
    category = place.call("POST", "/categories", publisher, json={"name": "Films"}).json()["id"]
    magnets = [*(seed.magnet_uri for seed in swarm.seeds[:3]), make.magnet()]
    for n, magnet in enumerate(magnets):
        body = {"title": f"Work {n}", "category_id": category, "magnet_uri": magnet}
        place.call("POST", "/resources", publisher, json=body)
    unprobed = "SELECT 1 FROM resources_resource WHERE probe_status = 'pending'"
    wait_for("the probes", lambda: not place.rows(unprobed))

    with ThreadPoolExecutor(2) as callers:
        asked = [callers.submit(place.call, "POST", ADDRESS, admin) for _ in range(2)]
        answers = [answer.result() for answer in asked]

    counts = ("queued", "state", "total", "checked", "active", "stale", "unknown", "changed")
    assert [a.status_code for a in answers] == [200, 200]
    assert [tuple(a.json()[name] for name in counts) for a in answers] == [
        (False, "done", 4, 4, 3, 1, 0, 1)
    ] * 2
    assert len({a.json()["scan_id"] for a in answers}) == 1
