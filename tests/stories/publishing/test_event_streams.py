"""Event streams through the real web server: two processes of eight threads each."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from ghost.core.config.env import BASE_DIR
from tests import make
from tests.ears import Ear
from tests.installation import Installation, free_port, wait_for

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    variables = {
        "GHOST_DHT_LISTEN_INTERFACES": "127.0.0.1:0",
        "GHOST_ENABLE_SCHEDULER": "0",
        "GHOST_EVENTS_RECHECK_S": "1",
    }
    with Installation(tmp_path_factory.mktemp("streams"), **variables) as installation:
        installation.start("web")
        yield installation


@pytest.fixture(scope="module")
def admin(place):
    return place.token("Admin", "Root")


@pytest.fixture
def publisher(place, admin):
    """Makes Publisher tokens of this test's own."""

    def issue() -> str:
        body = {"display_name": f"Ada {uuid.uuid4()}"}
        return place.call("POST", "/admin/tokens/publisher", admin, json=body).json()["token"]

    return issue


@pytest.fixture
def listen(place):
    """Opens streams, and closes them in the end."""
    ears = []

    def open_one(token, query="", **headers):
        ears.append(Ear(place, token, query, **headers))
        return ears[-1]

    yield open_one
    for ear in ears:
        ear.close()
    wait_for("the end of the streams", lambda: open_streams(place) == 0)


def open_streams(place) -> int:
    return place.rows("SELECT count(*) FROM ghost_stream")[0][0]


def processes(place) -> int:
    return place.rows("SELECT count(DISTINCT process) FROM ghost_stream")[0][0]


def at_both_processes(place, tokens, listen) -> list:
    """Five listeners for each token. Whichever process is idle takes a connection, so some come
    again until both have some: the second may have started later."""
    ears = [listen(token) for token in tokens for _ in range(5)]
    wait_for("all streams", lambda: open_streams(place) == len(ears))
    for attempt in range(100):
        if processes(place) == 2:
            break
        at = attempt % len(ears)
        ears[at].close()
        wait_for("one stream less", lambda: open_streams(place) == len(ears) - 1)
        ears[at] = listen(tokens[at // 5])
        wait_for("all streams", lambda: open_streams(place) == len(ears))
    return ears


def named(event: dict) -> int:
    """The one resource that an event tells of."""
    [resource] = event["resources"]
    return resource["resource_id"]


def publish(place, token, title="A work") -> dict:
    found = place.call("GET", "/categories/tree", token).json()
    category = (
        found[0]
        if found
        else place.call("POST", "/categories", token, json={"name": "Films"}).json()
    )
    body = {"title": title, "magnet_uri": make.magnet(), "category_id": category["id"]}
    response = place.call("POST", "/resources", token, json=body)
    assert response.status_code == 201, response.text
    return response.json()


def test_listeners_of_both_processes_hear_the_same(place, admin, publisher, listen):
    own, other = publisher(), publisher()
    ears = at_both_processes(place, [own, admin], listen)
    stranger = listen(other)
    wait_for("all streams", lambda: open_streams(place) == 11)

    made = publish(place, own)
    heard = [ear.next(event="resource") for ear in ears]

    place.call("POST", "/build/trigger?now=true", admin)
    assert processes(place) == 2
    assert {(named(event), event["change"]) for event in heard} == {(made["id"], "created")}
    assert ears[0].next(event="task")["task_id"] == made["task_id"]
    assert stranger.next()["event"] == "build"


def test_listener_who_was_cut_off_misses_nothing_and_hears_nothing_twice(place, publisher, listen):
    token = publisher()
    ear = listen(token, "?kinds=resource")
    first = publish(place, token)["id"]
    assert named(ear.next()) == first
    ear.close()
    missed = [publish(place, token)["id"] for _ in range(3)]

    back = listen(token, "?kinds=resource", **{"Last-Event-ID": ear.last_id})
    later = publish(place, token)["id"]

    heard = [named(back.next()) for _ in range(4)]
    assert heard == [*missed, later]


def test_listener_who_comes_too_late_is_told(place, admin, listen):
    assert listen(admin, **{"Last-Event-ID": "999999999"}).next()["event"] == "reset"


def test_token_has_five_streams_over_both_processes(place, publisher, listen):
    token = publisher()
    ears = [listen(token) for _ in range(5)]

    refused = listen(token)
    ears[0].close()
    wait_for("a free place", lambda: open_streams(place) == 4)

    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.body()["status"] == 429
    assert listen(token).status == 200


def test_many_idle_streams_hold_no_thread(place, admin, publisher, listen):
    tokens = [publisher() for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        ears = list(pool.map(listen, [token for token in tokens for _ in range(5)]))
    wait_for("all streams", lambda: open_streams(place) == 60)

    def ask(number: int) -> tuple[int, float]:
        began = time.monotonic()
        response = place.call("GET", "/build/status", tokens[number % 12])
        return response.status_code, time.monotonic() - began

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ask, range(100)))
    stats = place.call("GET", "/events/stats", admin).json()

    assert [status for status, _s in answers] == [200] * 100
    assert max(seconds for _status, seconds in answers) < 10
    assert (stats["streams"]["open"], stats["streams"]["by_role"]) == (60, {"Publisher": 60})
    assert [ear.status for ear in ears] == [200] * 60


def test_stream_of_a_revoked_token_ends(place, admin, publisher, listen):
    token, other = publisher(), publisher()
    ear, kept = listen(token), listen(other)
    place.call("POST", "/admin/tokens/revoke", admin, json={"token": token})

    ended = ear.rest()

    publish(place, other)
    assert [event["event"] for event in ended] == []
    assert kept.next(event="resource")["change"] == "created"


def test_stream_of_a_stopped_server_ends_and_leaves_no_place_taken(place, publisher, listen):
    token = publisher()
    ear = listen(token)
    publish(place, token)
    ear.next(event="resource")

    place.stop("web")
    rest = ear.rest()

    place.start("web")
    missed = publish(place, token)
    back = listen(token, "?kinds=resource&for_s=0", **{"Last-Event-ID": ear.last_id})
    assert [event["event"] for event in rest if event["event"] != "task"] == []
    assert [named(event) for event in back.rest()] == [missed["id"]]
    assert "Traceback" not in place.log("web")


def test_other_servers_stream_too(place, publisher):
    """At the cost of a thread: this one has no socket to hand over."""
    port, token = free_port(), publisher()
    made = publish(place, token)
    program = (
        "from wsgiref.simple_server import make_server; from ghost.wsgi import application;"
        f" make_server('127.0.0.1', {port}, application).handle_request()"
    )
    server = subprocess.Popen([sys.executable, "-c", program], cwd=BASE_DIR, env=place.env)

    def ask() -> requests.Response | None:
        try:
            return requests.get(
                f"http://127.0.0.1:{port}/api/events?kinds=resource&last_event_id=0&for_s=0",
                headers={"Authorization": f"Bearer {token}"},
                timeout=120,
            )
        except requests.ConnectionError:
            return None

    response: Any = wait_for("the answer", ask)
    server.wait(timeout=120)

    assert f'"resource_id":{made["id"]},' in response.text
    assert response.headers["Content-Type"] == "text/event-stream"
