"""A process is known by host and number, and is there as long as its number is."""

import os
import subprocess
import sys

from ghost.core.jobs import process


def test_this_process_is_alive():
    assert process.is_alive(process.name())
    assert process.name().endswith(f":{os.getpid()}")


def test_one_that_has_ended_is_not():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    host = process.name().rpartition(":")[0]

    assert not process.is_alive(f"{host}:{ended.pid}")


def test_of_another_host_nobody_knows():
    assert process.is_alive("elsewhere:1")
