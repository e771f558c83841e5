"""`manage.py probe`: a line of JSON for each magnet."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from dht.engine import session as engine_session
from tests import make


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_probe_prints_one_json_line_for_each(swarm, capsys):
    wanted = swarm.seeds[:3]

    call_command("probe", *(seed.magnet_uri for seed in wanted))

    found = {line.pop("magnet_hash"): line for line in lines(capsys)}
    assert found == {
        seed.v1 or seed.v2: {
            "magnet_uri": seed.magnet_uri,
            "status": "ok",
            "num_peers": 1,
            "name": seed.name,
            "total_size_bytes": seed.total_size_bytes,
            "file_count": len(seed.files),
            "piece_length": 16384,
            "notes": [],
        }
        for seed in wanted
    }


def test_probe_lists_files_when_asked(swarm, capsys):
    seed = swarm.seeds[1]

    call_command("probe", seed.magnet_uri, files=True)

    (line,) = lines(capsys)
    assert sorted((f["path"], f["size"]) for f in line["files"]) == sorted(seed.files)


def test_probe_exits_with_1_if_one_was_not_reachable(swarm, capsys):
    dead = make.magnet()

    with pytest.raises(SystemExit) as caught:
        call_command("probe", swarm.seeds[0].magnet_uri, dead, timeout=0.6)

    found = {line["magnet_uri"]: line["status"] for line in lines(capsys)}
    assert caught.value.code == 1
    assert found == {swarm.seeds[0].magnet_uri: "ok", dead: "inactive"}


def test_probe_tells_what_is_no_magnet_and_probes_the_others(swarm, capsys):
    with pytest.raises(SystemExit) as caught:
        call_command("probe", "https://example.org/a.torrent", swarm.seeds[0].magnet_uri)

    refused, probed = lines(capsys)
    assert (caught.value.code, probed["status"]) == (1, "ok")
    assert refused == {
        "magnet_uri": "https://example.org/a.torrent",
        "status": "refused",
        "error": "A magnet link starts with magnet:?",
    }


@pytest.mark.parametrize("timeout_s", ["0", "-5", "nan"])
def test_probe_refuses_a_senseless_time_out(timeout_s):
    with pytest.raises(CommandError, match="time-out must"):
        call_command("probe", make.magnet(), "--timeout", timeout_s)


def test_probe_says_that_libtorrent_is_missing(monkeypatch):
    engine_session.close()
    monkeypatch.setattr(engine_session, "lt", None)

    with pytest.raises(CommandError, match="libtorrent can't be loaded"):
        call_command("probe", make.magnet())
