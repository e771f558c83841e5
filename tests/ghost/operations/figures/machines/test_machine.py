"""What builds need: folders and Hugo."""

from __future__ import annotations

import pytest

from tests.ghost.operations.figures.moments import ago, heartbeat, item, told

pytestmark = pytest.mark.django_db


def test_all_there():
    assert told("machine") == ("ok", "machine.ready")


def test_without_hugo_health_is_degraded(configure, client):
    configure(hugo_bin="no-such-hugo")

    assert told("machine") == ("down", "machine.lacks")
    assert "GHOST_HUGO_BIN" in str(item("machine").reason)
    assert client.get("/health").json() == {"status": "degraded"}


def test_a_folder_that_can_t_be_written_is_named_without_its_path(configure, tmp_path):
    (tmp_path / "file").touch()
    configure(cover_dir=tmp_path / "file" / "covers")
    told_of = str(item("machine").reason)

    assert str(tmp_path) not in told_of


def test_a_worker_s_host_tells_of_its_own():
    row = heartbeat(host="two", facts={"machine": ["GHOST_HUGO_BIN"]})
    living = str(item("machine").reason)
    row.last_seen_at = ago(minutes=5)
    row.save()

    assert living == "can't be used: GHOST_HUGO_BIN (two)"
    assert told("machine") == ("ok", "machine.ready")
