"""A long command says how far it is: in place on a terminal, on lines of their own elsewhere."""

from __future__ import annotations

import io
import time

import pytest
from django.core.management.base import OutputWrapper

from resources.management.progress import ProgressLine


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_terminal_is_told_in_place_five_times_a_second(clock):
    out = Terminal()
    progress = ProgressLine(OutputWrapper(out))

    for done, clock[0] in ((1, 0.1), (2, 0.2), (3, 0.3), (4000, 0.4)):
        progress.tell(done, 5000, "read")
    progress.say("Done.")

    assert out.getvalue() == "\r\x1b[K2 of 5,000 read\r\x1b[K4,000 of 5,000 read\nDone.\n"


def test_a_file_is_told_on_lines_every_ten_seconds(clock):
    out = io.StringIO()
    progress = ProgressLine(OutputWrapper(out))

    for done, clock[0] in ((1, 0.4), (2, 10.0), (3, 19.9), (4, 20.0)):
        progress.tell(done, None, "read")
    progress.end()

    assert out.getvalue() == "2 read\n4 read\n"
