from datetime import timedelta

import pytest
from django.utils import timezone, translation

from ghost.core.text import durations


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (59.94, "59.9 s"),
        (60, "1 min 0 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (200_000, "55 h 33 min"),
    ],
)
def test_a_duration_is_told_in_the_two_units_that_matter(seconds, words):
    assert durations.lasting(seconds) == words


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(hours=3, minutes=7), "3\xa0hours ago"),
        (timedelta(days=1, hours=5), "1\xa0day, 5\xa0hours ago"),
    ],
)
def test_an_age_is_short_and_tells_the_exact_time(age, words):
    moment = timezone.now() - age

    with translation.override("en"):
        shown = durations.age(moment)

    exact = timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")
    assert shown == f'<time datetime="{moment.isoformat()}" title="{exact}">{words}</time>'


def test_no_moment_has_no_age():
    assert durations.age(None) is None
