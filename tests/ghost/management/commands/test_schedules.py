"""manage.py schedules."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django_q.models import OrmQ

from ghost.operations import schedules

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("schedules", *arguments, stdout=out)
    return out.getvalue()


def test_the_list_tells_when_each_runs(configure):
    configure(time_zone="Asia/Shanghai", dht_scan_at="30 2 * * *")
    schedules.sync()

    told = run("list").splitlines()

    assert len(told) == len(schedules.entries())
    (scan,) = (line for line in told if line.startswith("scan health"))
    assert "30 2 * * * Asia/Shanghai" in scan
    assert " 02:30 CST" in scan


def test_run_queues_it_once():
    schedules.sync()

    told = run("run", "scan-health")

    assert OrmQ.objects.get().task["id"] in told
    with pytest.raises(CommandError, match="waits in the queue already"):
        run("run", "scan health")
    with pytest.raises(CommandError, match="no schedule"):
        run("run", "scan")
