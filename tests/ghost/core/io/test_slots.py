"""So many at a time, over threads and processes."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import ExitStack

import pytest

from ghost.core.errors import OutageError
from ghost.core.io.slots import Slots


@pytest.fixture
def slots(tmp_path):
    def make(number=2, waiting=0, wait_s=0.0):
        return Slots(tmp_path, "x", number, waiting=waiting, wait_s=wait_s)

    return make


def test_one_more_than_there_are_is_refused_and_they_come_back(slots):
    own = slots(2)

    for _ in range(2):
        with (
            own.taken(or_else="x"),
            own.taken(or_else="x"),
            pytest.raises(OutageError, match="full"),
            own.taken(or_else="full"),
        ):
            pass


def test_an_error_frees_it(slots):
    for _ in range(3):
        with pytest.raises(ValueError, match="oops"), slots(1).taken(or_else="full"):
            raise ValueError("oops")


def test_another_process_counts_and_one_that_dies_counts_no_more(slots):
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        with slots(1).taken(or_else="full"):
            os.write(write, b"1")
            signal.pause()
        os._exit(1)
    os.read(read, 1)

    with pytest.raises(OutageError), slots(1).taken(or_else="full"):
        pass
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

    with slots(1).taken(or_else="full"):
        pass
    os.close(read)
    os.close(write)


def test_who_waits_gets_the_next_one_and_only_so_many_wait(slots):
    own, got = slots(1, waiting=1, wait_s=30), threading.Event()

    def wait():
        with own.taken(or_else="full"):
            got.set()

    with ExitStack() as stack:
        stack.enter_context(own.taken(or_else="full"))
        waiter = threading.Thread(target=wait)
        waiter.start()
        while own._waiting._value:  # until it waits
            pass
        with pytest.raises(OutageError), own.taken(or_else="full"):
            pass
    waiter.join()

    assert got.is_set()


def test_its_files_are_its_owners_alone(slots, tmp_path):
    with slots(1).taken(or_else="full"):
        pass

    assert [f"{path.stat().st_mode & 0o777:o}" for path in tmp_path.iterdir()] == ["600"]
