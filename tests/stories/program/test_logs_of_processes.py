"""Real processes log as JSON, into one file: each line is whole, and says which request it is about."""

from __future__ import annotations

import json
import re
import socket

import pytest
import requests

from tests.installation import Installation, wait_for

pytestmark = pytest.mark.slow

ASKED = "story-12345"
MAGNET = "magnet:?xt=urn:btih:" + "5a" * 20


@pytest.fixture
def place(tmp_path):
    with Installation(
        tmp_path,
        GHOST_LOG_FORMAT="json",
        GHOST_LOG_DIR=str(tmp_path / "log"),
        GHOST_MAGNET_METADATA_BACKEND="mock",
    ) as installation:
        installation.start("worker")
        installation.start("web")
        yield installation


def events(text: str) -> list[dict]:
    """Each line as an object; a line that is none fails."""
    return [json.loads(line) for line in text.splitlines()]


def file_events(place) -> list[dict]:
    return events((place.folder / "log" / "ghost.log").read_text())


def refuse(place, raw: str) -> None:
    """A request that the web server itself refuses."""
    with socket.create_connection(("127.0.0.1", place.port)) as connection:
        connection.sendall(f"GET /?apikey={raw} HTTP/9.9\r\n\r\n".encode())
        connection.recv(1000)


def test_what_a_request_asked_for_is_found_by_its_id(place):
    raw = place.token("Admin")
    category = place.call("POST", "/categories", raw, json={"name": "Images"}).json()["id"]
    refuse(place, raw)

    made = requests.post(
        f"{place.url}/api/resources",
        json={"title": "Debian", "magnet_uri": MAGNET, "category_id": category},
        headers={"Authorization": f"Bearer {raw}", "X-Request-ID": ASKED},
        timeout=30,
    )
    assert made.status_code == 201, made.text

    def hugo():
        return [each for each in file_events(place) if each.get("program") == "hugo"]

    wait_for("a build's lines", lambda: [each for each in hugo() if each["build_id"]])

    def tasks():
        return [
            e
            for e in file_events(place)
            if e["logger"] == "ghost.tasks" and e["request_id"] == ASKED
        ]

    wait_for("the probe's line", tasks)
    for name in ("worker", "web"):
        place.stop(name)

    [asked] = [
        e for e in file_events(place) if e["logger"] == "ghost.access" and e["request_id"] == ASKED
    ]
    assert (asked["status"], asked["route"], asked["caller"]) == (201, "/api/resources", "token")
    assert {"run_probes"} <= {each["task_name"] for each in tasks()}
    assert all(each["task_id"] and each["duration_ms"] > 0 for each in tasks())
    assert all(each["task_id"] for each in hugo())
    assert {e["logger"].split(".")[0] for e in file_events(place)} >= {"ghost", "gunicorn"}
    written = [
        place.log("web"),
        place.log("worker"),
        (place.folder / "log" / "ghost.log").read_text(),
    ]
    assert len(events(written[0])) + len(events(written[1])) == len(events(written[2]))
    assert re.findall(r"ghost_[0-9A-Za-z]{20,}", "".join(written)) == []
