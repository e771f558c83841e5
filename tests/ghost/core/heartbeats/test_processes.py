"""What the system tells of processes."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from ghost.core.heartbeats import processes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")


def test_when_a_process_started():
    child = subprocess.Popen(["sleep", "60"])

    started = processes.started_at(child.pid)

    child.kill()
    child.wait()
    assert started is not None
    assert abs(datetime.now(UTC) - started) < timedelta(seconds=5)
    assert processes.started_at(child.pid) is None


def test_the_processes_below_one():
    child = subprocess.Popen(["sh", "-c", "sleep 60 & echo x; wait"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.read(1)  # its own child is there

    below = list(processes.below(child.pid))

    assert child.pid in processes.children(os.getpid())
    assert len(below) == 1
    os.kill(below[0], 9)
    child.wait()
    child.stdout.close()


def test_a_process_that_is_none_of_the_workers_has_no_role():
    assert [processes.role(pid) for pid in (os.getpid(), 4194303)] == ["", ""]
