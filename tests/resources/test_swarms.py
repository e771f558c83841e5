"""What checks make of a swarm's figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.states import DhtStatus, SeedsBand
from resources.swarms import SwarmCheck, SwarmFigures, band_of

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
STALE_AFTER = 2
SEEDS = st.none() | st.integers(0, 300)


def alive(seeds: int | None = None) -> SwarmCheck:
    return SwarmCheck(DhtStatus.ACTIVE, seeds=seeds, peers=seeds)


UNANSWERED = SwarmCheck(DhtStatus.UNKNOWN, is_answered=False)


def run(outcomes: list[int | str | None]) -> list[tuple[SwarmCheck, SwarmFigures]]:
    """Figures after each of these: seeds of a living swarm, `miss`, or `silence`."""
    figures, seen = SwarmFigures(), list[tuple[SwarmCheck, SwarmFigures]]()
    for day, outcome in enumerate(outcomes):
        check = _check(figures, outcome)
        figures = figures.after(check, START + timedelta(days=day))
        seen.append((check, figures))
    return seen


def _check(figures: SwarmFigures, outcome: int | str | None) -> SwarmCheck:
    if outcome == "silence":
        return SwarmCheck(DhtStatus.UNKNOWN, figures.dht_misses, is_answered=False)
    if outcome != "miss":
        return alive(outcome if isinstance(outcome, int) else None)
    misses = figures.dht_misses + 1
    status = DhtStatus.STALE if misses >= STALE_AFTER else DhtStatus(figures.dht_status)
    return SwarmCheck(status, misses, seeds=0, peers=0)


def bands(*outcomes: int | str | None) -> list[str]:
    return [figures.seeds_band for _, figures in run(list(outcomes))]


@pytest.mark.parametrize(
    ("seeds", "band"),
    [(None, "unknown"), (0, "1-2"), (1, "1-2"), (2, "1-2"), (3, "3-9"), (9, "3-9"), (10, "10-49"),
     (49, "10-49"), (50, "50-199"), (199, "50-199"), (200, "200+"), (1_000_000, "200+")],
)  # fmt: skip
def test_bands_end_where_the_contract_says(seeds, band):
    assert band_of(seeds) == band


def test_a_band_changes_once_two_checks_say_so():
    assert bands(5, 5, 60, 5, 60, 60) == ["unknown", "3-9", "3-9", "3-9", "3-9", "50-199"]


def test_none_is_reached_together_with_stale_and_left_by_two_checks():
    assert bands(5, 5, "miss", "miss", 5, 5) == ["unknown", "3-9", "3-9", "0", "0", "3-9"]


def test_who_is_seen_twice_is_not_in_the_band_of_none_whatever_the_counts():
    assert bands("miss", "miss", 5, 12) == ["unknown", "0", "0", "10-49"]
    assert bands("miss", "miss", 5, "miss", 12)[2:] == ["0", "0", "0"]


def test_a_miss_or_silence_says_nothing_of_a_band():
    assert bands(5, 5, 60, "miss", 60, "silence", 60) == ["unknown", *["3-9"] * 5, "50-199"]


@settings(max_examples=60, deadline=None)
@given(st.lists(SEEDS | st.sampled_from(["miss", "silence"]), min_size=1, max_size=12))
def test_no_sequence_of_checks_breaks_the_rules(outcomes):
    seen = [(UNANSWERED, SwarmFigures()), *run(outcomes)]

    for (_, before), (check, now) in pairwise(seen):
        if now.seeds_band != before.seeds_band and now.seeds_band != SeedsBand.NONE:
            assert now.seeds_band == band_of(check.seeds)
            is_back = before.seeds_band == SeedsBand.NONE != before.next_band
            assert is_back or before.next_band == now.seeds_band
        if now.seeds_band == SeedsBand.NONE != before.seeds_band:
            assert now.dht_status == DhtStatus.STALE
        if now.dht_status == DhtStatus.STALE:
            assert now.seeds_band == SeedsBand.NONE
            assert now.missing_since is not None
        if before.missing_since and not check.is_seen:
            assert now.missing_since == before.missing_since
        if check.is_seen:
            assert now.missing_since is None
            assert now.last_seen_at == now.last_dht_check


def test_it_is_missing_since_the_first_of_the_misses():
    [_, _, (_, once), (_, twice), (_, found)] = run([5, 5, "miss", "miss", 5])

    assert once.missing_since is None
    assert twice.missing_since == START + timedelta(days=2)
    assert (found.missing_since, found.last_seen_at) == (None, START + timedelta(days=4))


def test_what_nobody_answered_changes_no_figure():
    [_, (_, before), (_, after)] = run([5, 5, "silence"])

    assert after._replace(dht_status="Active", dht_changed_at=None, last_dht_check=None) == (
        before._replace(dht_changed_at=None, last_dht_check=None)
    )
