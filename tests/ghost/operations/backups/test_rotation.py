"""Which backups stay: the newest, and the last of each day, week and month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from ghost.operations.backups.rotation import Candidate, Rule, kept

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


def daily(days: int, *, proven: int | None = None) -> list[Candidate]:
    return [Candidate(f"{n}", NOW - timedelta(days=n), is_proven=n == proven) for n in range(days)]


def test_the_newest_stay():
    assert kept(daily(9), Rule(3), NOW) == {"0", "1", "2"}


def test_the_last_of_each_week_and_month_stays():
    # 31 March 2026 is a Tuesday: weeks end on the 29th and 22nd, months on 28 February and 31 January.
    assert kept(daily(90), Rule(1, weeks=3, months=3), NOW) == {"0", "2", "9", "31", "59"}


def test_of_several_a_day_the_last_one_stays():
    found = [Candidate(f"{h}", NOW - timedelta(hours=h), is_proven=False) for h in range(0, 48, 6)]

    assert kept(found, Rule(1, days=3), NOW) == {"0", "18", "42"}


def test_the_only_proven_one_stays_however_old_it_is():
    assert kept(daily(90, proven=80), Rule(2), NOW) == {"0", "1", "80"}


def test_what_is_from_the_future_takes_the_place_of_none_and_is_not_dropped():
    planted = [Candidate(f"ahead {n}", NOW + timedelta(days=n), is_proven=True) for n in (1, 9)]

    stay = kept([*planted, *daily(5, proven=4)], Rule(2, days=2), NOW)

    assert stay == {"0", "1", "4", "ahead 1", "ahead 9"}


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 20_000), st.booleans()), max_size=40),
    st.integers(1, 5), st.integers(0, 5), st.integers(0, 5), st.integers(0, 5),
)  # fmt: skip
def test_what_stays_is_bounded_and_stays_again(made, newest, days, weeks, months):
    found = [
        Candidate(f"{n}", NOW - timedelta(hours=hours, minutes=n), is_proven)
        for n, (hours, is_proven) in enumerate(made)
    ]
    rule = Rule(newest, days, weeks, months)

    names = kept(found, rule, NOW)
    stay = [each for each in found if each.name in names]

    assert len(names) <= newest + days + weeks + months + 1
    assert kept(stay, rule, NOW) == names
    if found:
        assert max(found, key=lambda each: each.created_at).name in names
    assert any(e.is_proven for e in stay) == any(e.is_proven for e in found)
