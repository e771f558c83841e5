"""A cluster stops well, and never half."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.installation import Installation, wait_for

pytestmark = pytest.mark.slow


def descendants(pid: int) -> list[int]:
    """Every process below `pid`."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [p for child in children for p in (int(child), *descendants(int(child)))]


def is_alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


@pytest.fixture
def place(tmp_path):
    with Installation(tmp_path, GHOST_DHT_LISTEN_INTERFACES="127.0.0.1:0") as installation:
        installation.start("worker")
        pid = installation.programs["worker"].pid
        # sentinel, three workers, monitor, pusher
        wait_for("the cluster", lambda: len(descendants(pid)) == 6)
        time.sleep(0.5)
        yield installation


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_whole_group_stops_it_cleanly(place, how):
    """As honcho, service managers and a terminal's Ctrl-C do."""
    program = place.programs["worker"]
    below = descendants(program.pid)
    started = time.monotonic()

    os.killpg(program.pid, how)

    assert program.wait(timeout=10) == 0
    assert time.monotonic() - started < 5
    assert [p for p in below if is_alive(p)] == []


def test_nothing_outlives_a_killed_parent(place):
    program = place.programs["worker"]
    below = descendants(program.pid)

    program.kill()
    program.wait()

    wait_for("their end", lambda: not [p for p in below if is_alive(p)], 5)
