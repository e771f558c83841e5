from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator

from ghost.accounts.factors import one_time_codes
from tests.ghost.accounts import people

pytestmark = pytest.mark.django_db


def test_the_code_of_the_next_half_minute_works_again(monkeypatch):
    person = people.operator(app=True)
    app = Authenticator.objects.get(user=person)

    first = one_time_codes.take(app)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 30)

    assert (first, one_time_codes.take(app), one_time_codes.take(app)) == (True, True, False)
