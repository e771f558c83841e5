"""The parent starts what ends, and ends all that it started: with small programs in Ghost's place."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ghost.operations.workers import parent
from tests.ghost.operations.workers.conftest import descendants, is_alive
from tests.installation import wait_for

SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
import parent
parent.STOP_S, parent.START_S, parent.GONE_S = 1.5, 3.0, 2.0
child = parent.Child("child", [sys.executable, "-S", {program!r}], 1.0)
parent.Parent([child]).run()
"""
TALK = """
import os, sys, time, signal
fd, died = int(sys.argv[2]), sys.argv[4]
with open({seen!r}, "a") as file:
    file.write(f"{{os.getpid()}} {{died}}\\n")
def beat(line=b""):
    os.write(fd, line + b"\\n")
"""
BEAT = "while True:\n    beat(); time.sleep(0.1)\n"
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"


class Started:
    """A parent with one child, which runs this program after it has said that it is there."""

    def __init__(self, folder: Path, program: str) -> None:
        self._seen = folder / "seen"
        self._log = (folder / "log").open("w+")
        (folder / "child.py").write_text(TALK.format(seen=str(self._seen)) + program)
        script = SCRIPT.format(
            folder=str(Path(parent.__file__).parent), program=str(folder / "child.py")
        )
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", script], stderr=self._log, start_new_session=True
        )

    def starts(self) -> list[list[str]]:
        """Of each child: its number, and what it was told of those that died before."""
        with contextlib.suppress(FileNotFoundError):
            return [line.split(" ") for line in self._seen.read_text().splitlines()]
        return []

    def wait_for_start(self, number: int) -> int:
        """The number of the child that is started so often."""
        wait_for(f"start {number}", lambda: len(self.starts()) >= number, 30)
        return int(self.starts()[number - 1][0])

    def log(self) -> str:
        self._log.seek(0)
        return self._log.read()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._log.close()


@pytest.fixture
def start(tmp_path):
    """`start(program)`: a parent whose child runs it."""
    with contextlib.ExitStack() as stack:

        def begin(program: str) -> Started:
            started = Started(tmp_path, program)
            stack.callback(started.end)
            return started

        yield begin


def test_what_ends_is_started_again_at_once(start):
    started = start(BEAT)
    for number in (1, 2):
        pid = started.wait_for_start(number)
        time.sleep(parent.QUICK_END_S)  # it has worked for a while
        os.kill(pid, signal.SIGKILL)

    started.wait_for_start(3)

    assert started.log().count("(signal 9); it is started again in 0 s") == 2


def test_what_ends_at_once_again_and_again_is_started_with_growing_pauses(start):
    started = start("sys.exit(3)")

    started.wait_for_start(4)

    said = [line.rpartition("in ")[2] for line in started.log().splitlines()]
    assert said[:3] == ["1 s", "2 s", "4 s"]
    assert "(exit code 3)" in started.log()


def test_what_says_nothing_any_more_is_killed_and_started_again(start):
    started = start("beat(); time.sleep(60)")

    started.wait_for_start(2)

    assert "has been silent for 1 s and is killed" in started.log()


def test_what_says_nothing_from_the_start_has_more_time(start):
    started = start("time.sleep(60)")

    started.wait_for_start(2)

    assert "has been silent for 3 s and is killed" in started.log()


def test_the_next_is_told_who_died(start):
    started = start("if not died: beat(b'12'); beat(b'34'); os.kill(0, 9)\n" + BEAT)

    started.wait_for_start(2)

    assert [died for _pid, died in started.starts()] == ["", "12,34"]


def test_what_a_child_started_ends_with_it(start, tmp_path):
    forks = "if os.fork() == 0:\n    time.sleep(60)\n"
    started = start(f"open({str(tmp_path / 'both')!r}, 'w').close()\n{forks}{BEAT}")
    first = started.wait_for_start(1)
    wait_for("its own child", lambda: descendants(first))
    [below] = descendants(first)
    os.kill(first, signal.SIGKILL)

    started.wait_for_start(2)

    assert not is_alive(below)


@pytest.mark.parametrize("how", parent.STOPS)
def test_each_signal_that_ends_programs_stops_all(start, how):
    """To the whole group, as a closed terminal, Ctrl-C and runners do."""
    started = start(BEAT)
    below = started.wait_for_start(1)

    os.killpg(started.process.pid, how)

    assert started.process.wait(timeout=120) == 0
    assert not is_alive(below)


@pytest.mark.parametrize("state", ["deaf", "stopped", "starting"])
def test_it_ends_in_bounded_time_whatever_state_its_child_is_in(start, state):
    started = start(DEAF + ("time.sleep(60)" if state == "starting" else BEAT))
    below = started.wait_for_start(1)
    if state == "stopped":
        os.kill(below, signal.SIGSTOP)

    started.process.terminate()

    assert started.process.wait(timeout=120) == 0
    wait_for("the end", lambda: not is_alive(below), 5)


def test_it_stops_while_a_pause_lasts(start):
    started = start("sys.exit(1)")
    started.wait_for_start(2)

    started.process.terminate()

    assert started.process.wait(timeout=120) == 0


def test_nothing_outlives_it(start):
    started = start(DEAF + BEAT)
    below = started.wait_for_start(1)

    started.process.kill()

    wait_for("the end", lambda: not is_alive(below), 5)


def test_it_is_small_and_has_one_thread(start):
    started = start(BEAT)
    started.wait_for_start(1)
    lines = Path(f"/proc/{started.process.pid}/status").read_text().splitlines()
    status = dict(line.split(":\t", 1) for line in lines)

    assert int(status["Threads"]) == 1
    assert int(status["VmRSS"].split()[0]) < 60_000  # with the tool that measures coverage in it


def test_its_lines_have_the_form_of_all_others(monkeypatch, capfd, tmp_path):
    file = tmp_path / "ghost.log"

    parent.say("the cluster\nended")
    monkeypatch.setattr(parent.Log, "is_json", True)
    monkeypatch.setattr(parent.Log, "file", str(file))
    parent.say("the cluster\nended")

    text, told = capfd.readouterr().err.splitlines()
    assert text[23:] == "+00:00 WARNING qcluster [-] the cluster\\nended"
    assert json.loads(told) | {"time": ""} == {
        "time": "", "level": "WARNING", "logger": "qcluster", "message": "the cluster\\nended",
        "request_id": None, "task_id": None, "build_id": None,
    }  # fmt: skip
    assert file.read_text() == f"{told}\n"
    assert file.stat().st_mode & 0o777 == 0o600
