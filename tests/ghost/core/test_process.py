"""A process is known by its machine, number and start, and is there as long as all three are."""

import os
import subprocess
import sys

from ghost.core import process

HERE = process.machine()


def test_this_process_is_alive():
    me = process.name()

    assert process.is_alive(me) is True
    assert (process.number(me), process.is_here(me)) == (os.getpid(), True)


def test_a_name_fits_its_column():
    assert len(process.name()) <= process.MAX_CHARS


def test_one_that_has_ended_is_not():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        name = process.name(child.pid)
        before = process.is_alive(name)
        child.communicate()

    assert (before, process.is_alive(name)) == (True, False)


def test_one_that_ended_and_that_nobody_buried_is_not():
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        name = process.name(child.pid)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

        assert process.is_alive(name) is False


def test_another_process_with_its_number_is_not():
    machine, pid, started = process.name().rsplit(":", 2)

    assert process.is_alive(f"{machine}:{pid}:{int(started) - 1}") is False


def test_of_another_machine_nobody_knows():
    host = HERE.rpartition(".")[0]

    for where in ("elsewhere.00000000", f"{host}.00000000", "elsewhere", host, ""):
        other = f"{where}:{os.getpid()}:1"
        assert (process.is_alive(other), process.is_here(other)) == (None, False)


def test_a_name_that_nobody_made_is_nobodys():
    assert [process.is_alive(text) for text in ("", "web1:12", "x:y:z")] == [None, None, None]
