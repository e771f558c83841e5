"""The publishers' client against gunicorn and a worker: what can't be had in one process."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from ghost.client import Ghost
from tests.installation import Installation
from tests.packed_client import packed_client  # noqa: F401  # a fixture

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory, running_swarm):
    variables = {
        "GHOST_DHT_BOOTSTRAP_NODES": ",".join(running_swarm.bootstrap),
        "GHOST_DHT_LISTEN_INTERFACES": "127.0.0.1:0",
        "GHOST_MAGNET_METADATA_TIMEOUT_S": "5",
        "GHOST_WORKERS": "1",
        "GHOST_ENABLE_SCHEDULER": "0",
    }
    with Installation(tmp_path_factory.mktemp("client"), **variables) as installation:
        installation.start("web")
        installation.start("worker")
        yield installation


@pytest.fixture(scope="module")
def token(place):
    raw = place.token()
    place.call("POST", "/categories", raw, json={"name": "Films"})
    return raw


@pytest.fixture
def ghost(packed_client, place, token):  # noqa: F811  # the fixture
    def run(*arguments):
        command = [sys.executable, packed_client, *map(str, arguments)]
        env = os.environ | {"GHOST_URL": place.url, "GHOST_TOKEN": token}
        return subprocess.run(
            command, env=env, capture_output=True, text=True, timeout=90, check=False
        )

    return run


def test_publisher_follows_a_probe_through_the_event_stream(ghost, running_swarm):
    magnet = running_swarm.seeds[0].magnet_uri

    made = ghost("publish", magnet, "--title", "Live", "--category", "films", "--json")
    row = json.loads(made.stdout)
    followed = ghost("status", row["id"], "--follow", "--json")
    task = ghost("status", row["task_id"], "--follow")

    states = [json.loads(line)["state"] for line in followed.stdout.splitlines()]
    assert (followed.returncode, states[-1]) == (0, "live"), followed.stderr
    assert task.returncode == 0, task.stdout + task.stderr
    assert "status    done" in task.stdout


def test_publisher_waits_for_a_probe(ghost, running_swarm):
    alive, dead = running_swarm.seeds[1].magnet_uri, f"magnet:?xt=urn:btih:{'ab' * 20}"

    waited = ghost("publish", alive, "--title", "x", "--category", "films", "--wait")
    refused = ghost("publish", dead, "--title", "y", "--category", "films", "--wait")

    assert (waited.returncode, "state      live" in waited.stdout) == (0, True), waited.stderr
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "magnet_uri: " in refused.stderr


def test_events_are_heard_and_gone_on_with(place, token):
    ghost = Ghost(place.url, token)
    category = ghost.category_id("films")

    def draft(title: str, digit: str) -> Any:
        magnet = f"magnet:?xt=urn:btih:{digit * 40}"
        body = {"title": title, "magnet_uri": magnet, "category_id": category, "published_at": None}
        return ghost.create(body)

    draft("Before", "c")
    heard: Any = ghost.events(kinds="resource", after=0)
    first = next(heard)
    heard.close()
    made = draft("Heard", "d")
    rest: Any = ghost.events(kinds="resource", after=first["last_event_id"])
    told = next(each for each in rest if each["resources"][0]["resource_id"] == made["id"])
    rest.close()

    assert first["event"] == told["event"] == "resource"
    assert told["event_id"] > first["event_id"]
    assert told["resources"][0]["state"] == "draft"
