import io
import json
import logging
import sys
import time

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as property_settings
from hypothesis import strategies as st

from ghost.core.logs import context
from ghost.core.logs.lines import FORMATTERS, MOST_CHARS, AccessFormatter, clean

NOT_ASCII = ["\r", "\x1b[2J", "\x00", "\x85", "\u2028", "\u202e", "\ud800", "\xad", "\u2060", "\u2064",
             "\u180e", "\ufe0f", "\U000e0041", "\u115f", "\xa0", "\ufff9"]  # fmt: skip
BEGINS = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00"


@pytest.fixture(autouse=True)
def no_context(monkeypatch):
    monkeypatch.setattr(context, "_of_process", context.Context())
    context.begin_task("")


def written(form, message, args=(), exc_info=None, **more) -> str:
    """What a handler writes of one record, in a stream that holds UTF-8 alone."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(FORMATTERS[form]())
    record = logging.LogRecord("tests", logging.WARNING, __file__, 1, message, args, exc_info)
    for name, value in more.items():
        setattr(record, name, value)
    handler.handle(record)
    stream.flush()
    return stream.buffer.getvalue().decode()


def failed(words: str):
    try:
        raise ValueError(words)
    except ValueError:
        return sys.exc_info()


def test_a_line_says_when_in_utc_how_bad_where_and_for_which_request():
    line = written("text", "%d of %s", (3, "x"))

    assert line[29:] == " WARNING tests [-] 3 of x\n"
    context.begin_request("9f1c2b7a")
    assert " [request=9f1c2b7a] 3 of x\n" in written("text", "3 of x")


def test_a_task_says_who_asked_for_it_and_which_build_it_makes():
    context.begin_task("a1b2", "9f1c2b7a")
    with context.within_build(7):
        line, facts = written("text", "x"), json.loads(written("json", "x"))

    assert " [request=9f1c2b7a task=a1b2 build=7] x\n" in line
    assert (facts["request_id"], facts["task_id"], facts["build_id"]) == ("9f1c2b7a", "a1b2", "7")


def test_json_has_each_fact_by_its_name():
    facts = json.loads(written("json", "GET /x", details={"status": 200, "route": None}))

    assert facts.pop("time")
    assert facts == {
        "level": "WARNING", "logger": "tests", "message": "GET /x", "status": 200, "route": None,
        "request_id": None, "task_id": None, "build_id": None,
    }  # fmt: skip


def test_text_shows_facts_behind_the_words():
    line = written("text", "x", details={"status": 200, "path": "/a b", "said": 'no "quotes"'})

    assert line.endswith(' x status=200 path="/a b" said="no \\"quotes\\""\n')


@pytest.mark.parametrize("form", FORMATTERS)
def test_the_clock_of_the_machine_does_not_matter(monkeypatch, form):
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        line = written(form, "x")
    finally:
        monkeypatch.undo()
        time.tzset()

    assert time.strftime("%Y-%m-%dT%H:", time.gmtime()) in line[:60]


@property_settings(max_examples=50)
@given(st.text(st.characters(), max_size=60), st.sampled_from(sorted(FORMATTERS)))
def test_whatever_is_said_is_one_record(words, form):
    line = written(form, "said %s", (words,), details={"path": words}, exc_info=failed(words))

    assert line.count("\n") == 1
    assert len(line.splitlines()) == 1
    assert all(sign.isprintable() or not sign.isascii() for sign in line[:-1])


@pytest.mark.parametrize("sign", NOT_ASCII)
def test_controls_are_spelled_out(sign):
    spelt = sign.encode("unicode_escape").decode()

    assert written("text", "a%sb", (sign,)).endswith(f" a{spelt}b\n")
    assert json.loads(written("json", "a%sb", (sign,)))["message"] == f"a{spelt}b"


def test_a_traceback_with_a_forged_record_in_it_is_one_line():
    forged = "2026-01-01T00:00:00.000+00:00 INFO    ghost [-] all is well"

    text = written("text", "failed", exc_info=failed(f"no\n{forged}"))
    facts = json.loads(written("json", "failed", exc_info=failed(f"no\n{forged}")))

    assert text.count("\n") == 1
    assert f"\\n{forged}" in text
    assert facts["exception"].endswith(f"ValueError: no\n{forged}")


@pytest.mark.parametrize("form", FORMATTERS)
def test_words_that_do_not_fit_their_arguments_are_written_all_the_same(form):
    assert "100 % of" in written(form, "100 % of %s", ("it", "all"))


def test_a_long_record_is_cut_in_the_middle():
    line = clean("a" * MOST_CHARS * 3 + "end")

    assert len(line) < MOST_CHARS + 100
    assert line.endswith("end")


def test_the_web_servers_access_log_is_one_line_too():
    record = logging.LogRecord("gunicorn.access", logging.INFO, "", 1, "%s", ("a\nb\r",), None)

    assert AccessFormatter().format(record) == "a\\nb\\r"


def test_all_that_is_logged_goes_through_it():
    handlers, formatters = settings.LOGGING["handlers"], settings.LOGGING["formatters"]

    names = {each["formatter"] for each in handlers.values()}
    assert {formatters[name]["()"] for name in names} == {FORMATTERS["text"]}
