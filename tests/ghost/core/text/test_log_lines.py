import io
import logging
import re
import sys
import time
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from ghost.core.text.log_lines import MOST_CHARS, LineFormatter, harmless
from teams import credentials

BEGINS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 ")


def written(*args, **kwargs) -> str:
    """What a handler writes of one record, in a stream that holds UTF-8 alone."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter())
    handler.handle(logging.LogRecord("tests", logging.WARNING, __file__, 1, *args, **kwargs))
    stream.flush()
    return stream.buffer.getvalue().decode()


def test_a_line_says_when_in_utc_how_bad_where_and_for_which_request():
    line = written("%d of %s", (3, "x"), None)

    assert BEGINS.match(line)
    assert line[29:] == " WARNING tests [-] 3 of x\n"


def test_the_clock_of_the_machine_does_not_matter(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        line = written("x", (), None)
    finally:
        monkeypatch.undo()
        time.tzset()

    assert line.startswith(time.strftime("%Y-%m-%dT%H:", time.gmtime()))


@given(st.text(st.characters(), max_size=60))
def test_whatever_is_said_is_one_record(words):
    lines = written("said %s", (words,), None).removesuffix("\n").split("\n")

    assert BEGINS.match(lines[0])
    assert all(line.startswith("    | ") for line in lines[1:])
    assert all(line.isprintable() or not line.isascii() for line in lines)


@pytest.mark.parametrize("sign", ["\r", "\x1b[2J", "\x00", "\x85", "\u2028", "\u202e", "\ud800"])
def test_controls_are_spelled_out(sign):
    line = written("a%sb", (sign,), None)

    assert line.endswith(f" a{sign.encode('unicode_escape').decode()}b\n")
    assert line.count("\n") == 1


def test_a_traceback_with_a_forged_record_in_it_is_set_in():
    forged = "2026-01-01T00:00:00.000+00:00 INFO    ghost [-] all is well"
    try:
        raise ValueError(f"no\n{forged}")
    except ValueError:
        lines = written("failed", (), sys.exc_info()).splitlines()

    assert [line for line in lines if BEGINS.match(line)] == lines[:1]
    assert f"    | {forged}" in lines


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("git: https://ada:pa55@example.org/x", "git: https://ada:…@example.org/x"),
        ("redis://:pa55@127.0.0.1/0", "redis://:…@127.0.0.1/0"),
        ("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer …"),
        ("Basic YWRhOnBhNTU=", "Basic …"),
        ("AGE-SECRET-KEY-1QQQQQQQQQ", "AGE-SECRET-KEY-1…"),
        ("https://example.org:8000/a@b", "https://example.org:8000/a@b"),
    ],
)
def test_credentials_are_masked(words, shown):
    assert harmless(words) == shown


def test_a_raw_token_keeps_what_is_shown_of_it_anyway():
    raw = credentials.make()

    assert harmless(f"GET /?apikey={raw}&x=1") == f"GET /?apikey={raw[: credentials.SHOWN]}…&x=1"


def test_a_long_record_is_cut_in_the_middle():
    line = harmless("a" * MOST_CHARS * 3 + "end")

    assert len(line) < MOST_CHARS + 100
    assert line.endswith("end")


def test_all_that_is_logged_goes_through_it():
    logging_: dict[str, Any] = settings.LOGGING
    names = {each["formatter"] for each in logging_["handlers"].values()}

    assert [logging_["formatters"][name]["()"] for name in names] == [
        f"{LineFormatter.__module__}.{LineFormatter.__name__}"
    ]
