"""Times of day in the configuration."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.core.management import call_command

from ghost.core.config import env


def test_lines_and_zone_are_read(monkeypatch):
    monkeypatch.setenv("GHOST_TIME_ZONE", "Asia/Shanghai")
    monkeypatch.setenv("GHOST_BACKUP_AT", "0  4 * * mon-fri")

    ghost = env.load()

    assert (ghost.zone.key, ghost.backup_at, ghost.dht_scan_at) == (
        "Asia/Shanghai", "0 4 * * mon-fri", "",
    )  # fmt: skip


def test_all_that_is_wrong_is_told_at_once(monkeypatch):
    monkeypatch.setenv("GHOST_TIME_ZONE", "Europe/Berln")
    monkeypatch.setenv("GHOST_DIGEST_AT", "0 25 * * *")
    monkeypatch.setenv("GHOST_CLEANUP_AT", "0 " * 60)

    with pytest.raises(env.ConfigError) as caught:
        env.load()

    zone, digest, cleanup = sorted(caught.value.problems, key=lambda told: "TIME_ZONE" not in told)
    assert zone.startswith("GHOST_TIME_ZONE: is no IANA time zone, such as Europe/Berlin")
    assert digest.startswith("GHOST_DIGEST_AT: has no hour that is right: 0 to 23")
    assert cleanup.startswith("GHOST_CLEANUP_AT: ")


def test_config_show_tells_the_next_three_runs_in_the_zone(configure):
    configure(time_zone="Asia/Shanghai", dht_scan_at="30 2 * * *")
    out = StringIO()

    call_command("config", "show", stdout=out)

    (told,) = (line for line in out.getvalue().splitlines() if " next: " in line)
    assert len(re.findall(r"\w{3} \d{4}-\d\d-\d\d 02:30 CST", told)) == 3
