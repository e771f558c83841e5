from __future__ import annotations

from threading import Event

import pytest

from ghost.core.errors import OutageError
from ghost.core.io import disk_look
from ghost.core.io.disk_look import DiskLook


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(disk_look, "PATIENCE_S", 0.3)


def ended(look: DiskLook) -> None:
    """Its thread has."""
    assert look._thread
    look._thread.join()


def test_what_is_there_is_seen_anew_each_time():
    numbers = iter(range(9))
    look = DiskLook(lambda: next(numbers))

    first = look.take()
    ended(look)

    assert (first, look.take()) == (0, 1)


def test_an_error_is_theirs_who_asked():
    def fail() -> None:
        raise PermissionError("not yours")

    with pytest.raises(PermissionError, match="not yours"):
        DiskLook(fail).take()


def test_a_disk_that_hangs_keeps_one_thread_and_nobody_who_asks(impatient):
    answers, asked = Event(), []

    def hang() -> str:
        asked.append(1)
        answers.wait()
        return "here again"

    look = DiskLook(hang)
    for _ in range(3):
        with pytest.raises(OutageError, match="does not answer"):
            look.take()
    kept = len(asked)
    answers.set()
    ended(look)

    assert kept == 1
    assert look.take() == "here again"
