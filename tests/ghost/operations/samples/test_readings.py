"""What the system says of this machine."""

from __future__ import annotations

import os
import time

import pytest

from ghost.operations.samples import readings
from ghost.operations.samples.readings import Memory, Processes


def test_a_machine_that_works_is_busy():
    clock = readings.CpuClock()
    began = time.process_time()
    while time.process_time() - began < 0.1:
        pass

    assert 0 < clock.percent() <= 100


def test_no_time_passed_is_no_work():
    clock = readings.CpuClock()
    clock._before = readings._cpu_times()

    assert 0 <= clock.percent() <= 100


def test_memory_and_processors_are_those_of_this_machine(tmp_path):
    found = readings.memory(tmp_path)

    assert 0 < found.available_bytes < found.total_bytes
    assert 1 <= readings.cores() <= (os.cpu_count() or 1)
    assert all(load >= 0 for load in readings.load())


@pytest.mark.parametrize(
    ("limit", "current", "expected"),
    [
        ("100000000", "60000000", Memory(100_000_000, 50_000_000)),  # 10 MB of it are files
        ("100000000", "130000000", Memory(100_000_000, 0)),
        ("max", "60000000", None),
    ],
)
def test_a_container_has_what_it_was_given(tmp_path, limit, current, expected):
    (tmp_path / "memory.max").write_text(limit + "\n")
    (tmp_path / "memory.current").write_text(current + "\n")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 10000000\n")

    found = readings.memory(tmp_path)

    if expected is None:
        assert found.total_bytes > 200_000_000
    else:
        assert found == expected


def test_processes_are_added_up_by_role_and_the_dead_take_nothing():
    own = os.getpid()

    found = readings.processes([(own, "web"), (own, "web"), (own, "watch"), (2**22 + 1, "worker")])

    assert set(found) == {"web", "watch"}
    assert found["web"].number == 2
    assert found["web"].bytes >= found["web"].largest_bytes > 1_000_000
    assert Processes().plain() == {"number": 0, "bytes": 0, "largest_bytes": 0}
