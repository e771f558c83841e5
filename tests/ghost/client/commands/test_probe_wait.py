"""`ghost bulk --wait`: the exit status is how the probes ended."""

import json

import pytest

from ghost.client import Ghost, RefusedError, event_stream
from tests.ghost.client.items import item, lines

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ended(monkeypatch):
    """`ended(states)`: what the task says, look by look."""

    def refuse(*_args, **_kwargs):
        raise RefusedError(429, {"detail": "Too many."})

    monkeypatch.setattr(event_stream.EventStream, "connect", refuse)
    monkeypatch.setattr(event_stream, "POLL_S", 0.01)

    def say(*states):
        left = list(states)
        monkeypatch.setattr(Ghost, "task", lambda *_: left.pop(0) if left[1:] else left[0])

    return say


def task(done=2, finished="2026-01-31T10:00:00+00:00", **result):
    return {
        "status": "done" if finished else "running", "finished_at": finished,
        "progress": {"done": done, "total": 2}, "result": result,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("result", "status", "probes"),
    [
        ({"ok": 2}, 0, {"ok": 2}),
        ({"ok": 1, "inactive": 1}, 1, {"ok": 1, "inactive": 1}),
        ({"probe_status": "ok", "resource_id": 7}, 0, {"ok": 1}),
    ],
)
def test_it_ends_with_the_probes(ghost, category, ended, tmp_path, result, status, probes):
    ended(task(done=1, finished=None), task(**result))

    found, out, _err = ghost(
        "bulk", lines(tmp_path / "many.ndjson", item(1)), "--wait", "--json"
    )  # fmt: skip

    assert (found, json.loads(out)["probes"]) == (status, probes)


def test_it_gives_up_in_time(ghost, category, ended, tmp_path):
    ended(task(done=1, finished=None))

    status, _out, err = ghost(
        "bulk", lines(tmp_path / "many.ndjson", item(1)), "--wait", "--timeout", "0.1"
    )  # fmt: skip

    assert (status, "ghost status task-" in err) == (3, True)
