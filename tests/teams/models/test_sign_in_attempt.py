"""Attempts to sign in are counted by subject and scope, for a quarter of an hour."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ghost.core.errors import RefusedError
from teams.models import Attempt
from teams.models.sign_in_attempt import MOST, WINDOW

pytestmark = pytest.mark.django_db


def test_one_more_than_the_most_is_refused_with_the_time_to_wait():
    for _ in range(MOST):
        Attempt.objects.take(subject="ada", scope="192.0.2.1")

    with pytest.raises(RefusedError, match="Try again in 15 minutes"):
        Attempt.objects.take(subject="ada", scope="192.0.2.1")

    assert Attempt.objects.count() == MOST


def test_other_subjects_and_scopes_are_counted_by_themselves():
    for _ in range(MOST):
        Attempt.objects.take(subject="ada", scope="192.0.2.1")

    Attempt.objects.take(subject="eve", scope="192.0.2.1")
    Attempt.objects.take(subject="ada", scope="192.0.2.2")

    assert Attempt.objects.count() == MOST + 2


def test_what_is_older_than_the_window_is_forgotten():
    for _ in range(MOST):
        Attempt.objects.take(subject="ada", scope="192.0.2.1")
    Attempt.objects.update(at=timezone.now() - WINDOW - timedelta(seconds=1))

    Attempt.objects.take(subject="ada", scope="192.0.2.1")

    assert Attempt.objects.count() == 1
