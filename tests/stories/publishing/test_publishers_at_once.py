"""The API as publishers meet it: gunicorn, a real worker, a real swarm, several at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import make
from tests.ears import Ear
from tests.installation import Installation, wait_for

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory, running_swarm):
    variables = {
        "GHOST_DHT_BOOTSTRAP_NODES": ",".join(running_swarm.bootstrap),
        "GHOST_DHT_LISTEN_INTERFACES": "127.0.0.1:0",
        "GHOST_MAGNET_METADATA_TIMEOUT_S": "4",
        "GHOST_WORKERS": "1",
        "GHOST_ENABLE_SCHEDULER": "0",
    }
    with Installation(tmp_path_factory.mktemp("live"), **variables) as installation:
        installation.start("web")
        yield installation


@pytest.fixture
def token(place, request):
    """A Publisher of this test's own."""
    return place.token("Publisher", request.node.name)


@pytest.fixture
def category(place, token, request):
    body = {"name": request.node.name}
    return place.call("POST", "/categories", token, json=body).json()["id"]


def begin_probing(place, seed, token, category) -> None:
    """A worker that has probed once: the first time takes longer than anybody waits for."""
    place.start("worker")
    body = {"title": "First", "magnet_uri": seed.magnet_uri, "category_id": category}
    path = f"/resources/{place.call('POST', '/resources', token, json=body).json()['id']}"
    wait_for("a probe", lambda: place.call("GET", path, token).json()["probe_status"] == "ok")


def test_publisher_who_waits_gets_all_or_nothing(place, running_swarm, token, category):
    live, other, first = running_swarm.seeds[:3]
    dead = make.magnet()
    begin_probing(place, first, token, category)

    def send(method, path, **body):
        return place.call(method, f"{path}?wait=true", token, json=body)

    created = send(
        "POST", "/resources", title="Live", magnet_uri=live.magnet_uri, category_id=category
    )
    refused = send("POST", "/resources", title="Dead", magnet_uri=dead, category_id=category)
    path = f"/resources/{created.json()['id']}"
    kept = send("PUT", path, title="Other title", magnet_uri=dead)
    after_failure = place.call("GET", path, token).json()
    changed = send("PUT", path, title="Other title", magnet_uri=other.magnet_uri)

    assert (created.status_code, created.json()["state"]) == (201, "live")
    assert created.json()["total_size_bytes"] == live.total_size_bytes
    assert [refused.status_code, kept.status_code, changed.status_code] == [400, 400, 200]
    assert refused.json()["detail"]
    assert after_failure == created.json() | {"task_id": None, "notes": []}
    assert changed.json()["total_size_bytes"] == other.total_size_bytes
    assert [row["title"] for row in place.call("GET", "/resources", token).json()] == [
        "Other title",
        "First",
    ]


def test_of_many_who_bring_the_same_torrent_one_wins(place, token, category):
    body = {"title": "Same", "magnet_uri": make.magnet(), "category_id": category}

    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: place.call("POST", "/resources", token, json=body), range(8))
        )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert len(place.call("GET", "/resources", token).json()) == 1


def test_moves_at_once_never_make_a_cycle(place, token, category):
    other = place.call("POST", "/categories", token, json={"name": "Other"}).json()["id"]

    def move(pair):
        row, parent = pair
        return place.call("PUT", f"/categories/{row}", token, json={"parent_id": parent})

    for _ in range(3):
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(move, [(category, other), (other, category)]))
        rows = place.call("GET", "/categories/tree", token).json()
        tree = [node for node in rows if node["id"] in (category, other)]

        assert sorted(answer.status_code for answer in answers) == [200, 400]
        assert sorted(node["depth"] for node in tree) == [0, 1]
        move((category, None))
        move((other, None))


def test_publisher_follows_a_probe_to_its_end(place, running_swarm, token, category):
    seed = running_swarm.seeds[3]
    if "worker" not in place.programs:
        place.start("worker")
    ear = Ear(place, token, "?kinds=task,health")
    body = {"title": "Followed", "magnet_uri": seed.magnet_uri, "category_id": category}
    created = place.call("POST", "/resources", token, json=body).json()

    heard = ear.next(event="task", status="done")
    task = place.call("GET", f"/tasks/{created['task_id']}", token).json()
    ear.close()

    assert heard["task_id"] == task["task_id"] == created["task_id"]
    assert (task["status"], task["queue_rank"], task["error"]) == ("done", None, None)
    assert task["result"] == {
        "resource_id": created["id"],
        "probe_status": "ok",
        "probe_error": "",
        "dht_status": "Active",
        "state": "live",
    }
    assert task["asked_at"] < task["started_at"] <= task["finished_at"]
