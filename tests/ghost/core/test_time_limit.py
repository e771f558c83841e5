import signal
import socket
import threading

import pytest

from ghost.core.time_limit import TimeUp, time_limit


def test_what_waits_for_a_silent_server_is_given_up():
    ours, theirs = socket.socketpair()

    with ours, theirs, pytest.raises(TimeUp), time_limit(0.05):
        ours.recv(1)


def test_it_comes_again_for_who_catches_it(monkeypatch):
    monkeypatch.setattr("ghost.core.time_limit.AGAIN_S", 0.02)
    caught = []
    ours, theirs = socket.socketpair()

    def insist():
        for _ in range(2):
            try:
                ours.recv(1)
            except BaseException as error:  # noqa: BLE001  # who does so is the subject
                caught.append(type(error))

    with ours, theirs, time_limit(0.02):
        insist()

    assert caught == [TimeUp] * 2


def test_nothing_is_left_behind():
    before = signal.getsignal(signal.SIGALRM)

    with time_limit(60):
        pass

    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_other_threads_work_without_a_limit():
    done = []

    def work():
        with time_limit(0):
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert done == [True]
