"""A clock that is set to another time is seen, and forgotten when it is mended or has stayed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time

import pytest

from ghost.core.config.env import BASE_DIR
from ghost.core.heartbeats import clock_jumps
from ghost.core.heartbeats.clock_jumps import ClockJumps


class Clocks:
    """The time of day, and that since the boot."""

    def __init__(self, monkeypatch) -> None:
        self.day, self.boot = 1.7e9, 1000.0
        self.jumps = ClockJumps()
        monkeypatch.setattr(time, "time", lambda: self.day)
        monkeypatch.setattr(clock_jumps, "boot_time", lambda: self.boot)
        self.jumps.look()

    def go_on(self, seconds: float, jump: float = 0.0) -> float | None:
        """What is told after so many seconds, in which the clock was moved by `jump`."""
        self.boot += seconds
        self.day += seconds + jump
        self.jumps.look()
        return self.jumps.told_s()


@pytest.fixture
def clocks(monkeypatch):
    return Clocks(monkeypatch)


def test_a_clock_that_goes_right_or_is_slewed_is_nothing_to_tell(clocks):
    assert [clocks.go_on(5, jump) for jump in (0, 0.5, -0.5, 2, 0)] == [None] * 5


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 5.0])
def test_a_jump_is_told_for_ten_minutes(clocks, caplog, jump):
    assert clocks.go_on(5, jump) == jump
    assert clocks.go_on(590) == jump
    assert clocks.go_on(10) is None
    assert f"the clock of this host jumped by {jump:+.1f} s" in caplog.text


def test_a_jump_that_is_mended_is_told_for_a_minute_more(clocks):
    clocks.go_on(5, 3600)

    assert clocks.go_on(5, -3600) == 3600
    assert clocks.go_on(50) == 3600
    assert clocks.go_on(10) is None


def test_a_second_jump_after_a_mended_one_is_another(clocks):
    clocks.go_on(5, 3600)
    clocks.go_on(5, -3600)
    clocks.go_on(70)

    assert clocks.go_on(5, -20) == -20


def test_the_time_since_the_boot_goes_on():
    assert clock_jumps.boot_time() <= clock_jumps.boot_time()


PROGRAM = """
import sys
from ghost.core.heartbeats.clock_jumps import jumps
for _line in sys.stdin:
    jumps.look()
    print(jumps.told_s(), flush=True)
"""


@pytest.mark.skipif(
    shutil.which("faketime") is None and not os.environ.get("CI"),
    reason="libfaketime is not installed (apt-get install faketime)",
)
def test_a_real_process_sees_its_clock_being_set(tmp_path):
    clock = tmp_path / "clock"
    asking = "echo $LD_PRELOAD"
    library = subprocess.run(
        ["faketime", "-f", "+0", "sh", "-c", asking], capture_output=True, text=True, check=True
    ).stdout.strip()
    fake = {
        "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    clock.write_text("+0")
    told = []

    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=BASE_DIR, env=os.environ | fake, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        for offset in ("+0", "+7200", "+7200", "+0", "-60"):
            clock.write_text(offset)
            process.stdin.write("look\n")
            process.stdin.flush()
            told.append(process.stdout.readline().strip())
        process.stdin.close()

    assert told[0] == "None"
    assert [round(float(each)) for each in told[1:]] == pytest.approx(
        [7200, 7200, 7200, -60], abs=3
    )
