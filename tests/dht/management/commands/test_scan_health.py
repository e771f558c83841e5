"""`manage.py scan_health`: what it prints, and when it fails."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from dht.models import Scan
from resources.models import Resource
from tests import make


@pytest.mark.django_db
def test_scan_health_tells_that_it_joined_one(swarm, capsys):
    make.resource(is_probed=False)
    under_way = Scan.objects.ask(trigger="Root")

    call_command("scan_health", all=True)

    captured = capsys.readouterr()
    assert captured.err.splitlines()[0] == (
        f"Scan #{under_way.pk} is under way, asked for by Root; joined."
    )
    assert json.loads(captured.out)["scan"] == under_way.pk


@pytest.mark.django_db
def test_scan_health_ends_with_a_json_line(swarm, capsys):
    make.resource(magnet_uri=swarm.seeds[0].magnet_uri, is_probed=False)
    make.resource(is_probed=False)

    call_command("scan_health", all=True)

    captured = capsys.readouterr()
    report = json.loads(captured.out.splitlines()[-1])
    assert report.pop("seconds") > 0
    assert report == {
        "scan": Scan.objects.get().pk,
        "checked": 2, "found": 1, "active": 1, "stale": 0, "unknown": 1, "changed": 1,
    }  # fmt: skip
    # Where it took its time there are lines before it, of what was done by then.
    assert captured.err.splitlines()[-1] == "2 of 2 checked, 1 found alive"


@pytest.mark.django_db
def test_scan_health_takes_as_many_as_it_is_told(swarm, capsys):
    for _ in range(3):
        make.resource(is_probed=False)

    call_command("scan_health", limit=2, timeout=1.0)

    assert Resource.objects.exclude(last_dht_check=None).count() == 2


@pytest.mark.django_db
def test_scan_health_that_cannot_start_says_why(no_dht):
    make.resource()

    with pytest.raises(CommandError, match="The scan could not start"):
        call_command("scan_health", all=True)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--limit", "0"], "number of resources"),
        (["--limit", "-5"], "number of resources"),
        (["--timeout", "-1"], "time-out must"),
        (["--timeout", "0"], "time-out must"),
        (["--timeout", "nan"], "time-out must"),
    ],
)
@pytest.mark.django_db
def test_scan_health_refuses_nonsense(arguments, reason):
    with pytest.raises(CommandError, match=reason):
        call_command("scan_health", *arguments)
