"""Lines of cron in a time zone, over the days on which its clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghost.core import cron

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def runs(line: str, zone: str, first: str, last: str) -> list[str]:
    """All between two moments of UTC, in the zone's time."""
    found, moment = [], at(first)
    each = cron.Cron(line, cron.zone(zone))
    while (moment := each.after(moment)) < at(last):
        found.append(f"{moment.astimezone(each.zone):%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("line", "zone", "first", "last", "expected"),
    [  # the clock jumps on 2026-03-29 from 02:00 to 03:00, and on 2026-10-25 from 03:00 back to 02:00
        ("30 2 * * *", BERLIN, "2026-03-28", "2026-03-31", ["28 02:30", "29 03:00", "30 02:30", "31 02:30"][:3]),
        ("30 2 * * *", BERLIN, "2026-10-24", "2026-10-27", ["24 02:30", "25 02:30", "26 02:30"]),
        ("0 * * * *", BERLIN, "2026-03-29T00:30", "2026-03-29T02:30", ["29 03:00", "29 04:00"]),
        ("0 * * * *", BERLIN, "2026-10-24T23:30", "2026-10-25T02:30", ["25 02:00", "25 02:00", "25 03:00"]),
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00", "2026-10-05T00:00", ["04 02:30", "05 02:15"]),
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00", "2026-04-06T00:00", ["05 01:45", "06 01:45"]),
        ("0 4 * * MON-FRI", "UTC", "2026-11-27", "2026-12-01", ["27 04:00", "30 04:00"]),
    ],
)  # fmt: skip
def test_a_job_runs_once_on_the_days_on_which_clocks_change(line, zone, first, last, expected):
    assert runs(line, zone, first, last) == expected


def test_within_the_hour_that_comes_twice_the_next_run_is_later_than_now():
    second_0210 = at("2026-10-25T01:10")

    found = cron.Cron("30 2 * * *", cron.zone(BERLIN)).after(second_0210)

    assert found == at("2026-10-26T01:30")


@settings(max_examples=50)
@given(
    st.sampled_from(["30 2 * * *", "0 */6 * * *", "*/20 * * * *", "0 0 1 * *", "5 4 * * sun"]),
    st.sampled_from([BERLIN, "America/New_York", "Pacific/Apia", "Africa/Cairo", "UTC"]),
    st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001  # made aware below
)
def test_the_next_run_always_lies_ahead_and_nothing_lies_between(line, zone, naive):
    moment, each = naive.replace(tzinfo=UTC), cron.Cron(line, cron.zone(zone))

    found = each.after(moment)

    assert moment < found
    assert each.after(found - timedelta(microseconds=1)) == found


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("0 25 * * *", "has no hour that is right: 0 to 23"),
        ("60 4 * * *", "has no minute that is right: 0 to 59"),
        ("0 4 0 * *", "has no day of the month that is right"),
        ("0 0 30 2 *", "has no day of the month that is right"),
        ("0 4 * 13 *", "has no month that is right"),
        ("0 4 * * MO", "has no day of the week that is right: 0 to 7, or SUN to SAT"),
        ("0 4 * *", "must have five fields"),
        ("0 0 4 * * *", "must have five fields"),  # no seconds
        ("@daily", "must have five fields"),
        ("04:00", "must have five fields"),
    ],
)
def test_a_line_that_is_none_says_what_is_wrong(line, told):
    with pytest.raises(ValueError, match=told):
        cron.check(line)


def test_a_line_is_kept_with_single_spaces():
    assert cron.check("  0 4  * * mon-fri ") == "0 4 * * mon-fri"


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("Europe/Berln", "Europe/Berlin"),
        ("europe/berlin ", "Europe/Berlin"),
        ("posix/Europe/Berlin", "Europe/Berlin"),
        ("../../etc/passwd", "Europe/Berlin"),
        ("Europe", "Europe/"),
        ("/etc/localtime", ""),
        ("", "Europe/Berlin"),
        ("a\0b", ""),
    ],
)
def test_a_zone_that_is_none_is_refused_with_one_that_is_like_it(name, like):
    with pytest.raises(ValueError, match=f"is no IANA time zone, such as {like}"):
        cron.zone(name)
