"""Pauses grow, the last one again and again; and a ladder has an end for whoever asks."""

from datetime import timedelta

import pytest

from ghost.core import backoff

LADDER = backoff.of_minutes(1, 5, 30)


@pytest.mark.parametrize(("failures", "minutes"), [(1, 1), (2, 5), (3, 30), (4, 30), (99, 30)])
def test_the_last_pause_is_taken_again_and_again(failures, minutes):
    assert LADDER.after(failures) == timedelta(minutes=minutes)


@pytest.mark.parametrize(("failures", "is_over"), [(1, False), (3, False), (4, True)])
def test_it_is_over_after_the_last_pause(failures, is_over):
    assert LADDER.is_over(failures) == is_over


def test_hours_are_sixty_minutes():
    assert backoff.of_hours(1, 4) == backoff.of_minutes(60, 240)
