"""Connections are made anew, and circuits closed."""

from __future__ import annotations

import pytest
from django_q.models import OrmQ

from ghost.core import circuits
from ghost.core.audit.models import AuditEvent
from ghost.core.circuits import Circuit, Kind
from ghost.core.text.reasons import words
from ghost.operations import connections
from tests import make

pytestmark = pytest.mark.django_db


def open_circuit(kind: Kind, name: str) -> None:
    for _ in range(3):
        circuits.failed(kind, name, words("boom"))


def names(client, root) -> set[str]:
    return {each["name"] for each in client.get("/api/ops/services", **root).json()}


@pytest.mark.parametrize("name", ["cover_host:cdn.example", "cover_host"])
def test_a_circuit_is_shown_and_closed(client, name):
    root = make.auth(make.admin())
    open_circuit(Kind.COVER_HOST, "cdn.example")
    open_circuit(Kind.TRACKER, "udp://tracker.example:80/announce")
    before = names(client, root)

    answer = client.post(f"/api/ops/services/{name}/reset", **root)

    assert {"database", "dht", "cover_host:cdn.example"} <= before
    assert (answer.status_code, answer.json()["closed"]) == (200, 1)
    assert before - names(client, root) == {"cover_host:cdn.example"}
    assert [row.kind for row in Circuit.objects.failing()] == [Kind.TRACKER]
    assert AuditEvent.objects.filter(action="circuit.reset").count() == 1


def test_a_name_with_slashes_is_found(client):
    open_circuit(Kind.TRACKER, "udp://tracker.example:80/announce")
    path = "/api/ops/services/tracker:udp:%2F%2Ftracker.example:80%2Fannounce/reset"

    answer = client.post(path, **make.auth(make.admin()))

    assert (answer.status_code, answer.json()["closed"]) == (200, 1)


@pytest.mark.parametrize(
    "name", ["nothing", "cover_host:nobody.example", "database", ":", "dht:x", "tracker:"]
)
def test_what_is_not_there_is_told(client, name):
    answer = client.post(f"/api/ops/services/{name}/reset", **make.auth(make.admin()))

    assert answer.status_code == 404


def test_workers_let_go_of_a_session_before_their_next_task(client, monkeypatch):
    closed: list[str] = []
    monkeypatch.setitem(connections.CONNECTIONS, "dht", lambda: closed.append("dht"))
    monkeypatch.setattr(connections, "_seen", connections._Seen())
    connections.renew()
    before = list(closed)

    answer = client.post("/api/ops/services/dht/reset", **make.auth(make.admin()))
    here = list(closed)
    connections.renew()
    connections.renew()

    assert (before, here, closed) == ([], ["dht"], ["dht", "dht"])
    assert OrmQ.objects.get().task_id() == answer.json()["task_id"]
