"""`ghost status`, once and to the end."""

import json

import pytest

from ghost.client import Ghost, RefusedError, event_stream
from resources.models import findings
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)


def test_status_tells_whose_token_it_is_and_how_the_site_stands(ghost, category):
    status, out, _err = ghost("status")
    as_json = json.loads(ghost("status", "--json")[1])

    assert status == 0
    assert "token    Publisher “Ada”\n" in out
    assert "has changes to be built" in out
    assert (as_json["session"]["role"], as_json["build"]["pending_changes"]) == ("Publisher", True)


def test_status_of_a_resource_is_followed_to_its_end(ghost, token, monkeypatch):
    """Without a stream: tests/stories/publishing/test_client_live.py has one."""
    row = make.resource(publisher=token, title="Bunny", is_probed=False)
    monkeypatch.setattr(event_stream.EventStream, "connect", refuse)
    monkeypatch.setattr(event_stream, "POLL_S", 0.2)
    read, states = Ghost.read, []

    def read_and_probe(self, resource_id):
        found = read(self, resource_id)
        states.append(found["state"])
        if len(states) == 2:
            findings.record_metadata(row, make.torrent_metadata(row.magnet_hash))
        return found

    monkeypatch.setattr(Ghost, "read", read_and_probe)
    status, out, err = ghost("status", row.pk, "--follow", "--json")

    shown = [json.loads(line) for line in out.splitlines()]
    assert status == 0, err
    assert [(each["probe_status"], each["state"]) for each in shown] == [
        ("pending", "held"),
        ("ok", "live"),
    ]
    assert shown[0]["etag"].startswith('"')


def refuse(*_args, **_kwargs):
    raise RefusedError(429, {"detail": "Too many event streams are open; try again later."})


def test_unknown_resources_and_tasks_are_told(ghost, category):
    nothing, no_task = ghost("status", "99"), ghost("status", "0f0f")

    assert (nothing[0], "Check the number" in nothing[2]) == (1, True)
    assert no_task[0] == 1
