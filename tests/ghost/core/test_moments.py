"""One rule says which moments are kept, wherever they come from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from ghost.core import moments
from ghost.core.errors import RefusedError
from resources.models import Resource
from teams.models import Token

ZONES = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda m: timezone(timedelta(minutes=m)))
ODD = (
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "10000-01-01T00:00:00Z",
    "9998-12-31T23:59:59-00:01", "1970-01-01T00:00:00+00:01", "1700000000", "1700000000000", "1e400",
    "-1", "NaN", "2016-12-31T23:59:60Z", "2026-01-31T24:00:00Z", "2026-01-31T12:00:00",
    "2026-01-31", "2026-W48", "2026-W48-1T12:00:00Z", "٢٠٢٦-01-31T12:00:00Z", "2026-02-30T12:00:00Z",
    "2026-01-31T12:00:00+24:00", "2026-01-31T12:00:00Z\n", "2026-01-31T12:00:00 UTC", "",
)  # fmt: skip


@pytest.mark.parametrize("written", ODD)
def test_what_is_no_moment_of_ours_is_refused_in_words(written):
    with pytest.raises(RefusedError, match=r"zone|year"):
        moments.parse(written)
    with pytest.raises(ValueError, match=r"zone|year"):
        moments.read(written)


@given(st.datetimes(timezones=ZONES))
def test_each_moment_is_kept_in_utc_or_refused(moment):
    is_ours = moments.EARLIEST <= moment < moments.END

    try:
        found = moments.parse(moment.isoformat())
    except RefusedError:
        assert not is_ours or moment.utcoffset().seconds % 60
    else:
        assert is_ours
        assert (found, found.tzinfo) == (moment, UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-01-31T12:00:00Z", "2026-01-31t12:00:00z", "2026-01-31 12:00+00:00", "2026-01-31T13:00+0100",
        "2026-01-31T12:00:00.0000000001-00:00",
    ],
)  # fmt: skip
def test_the_spellings_of_one_moment_are_one(written):
    assert moments.parse(written) == datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize("value", [0, 1.5, True, None, float("nan"), [], datetime(2026, 1, 1)])  # noqa: DTZ001  # as it comes
def test_a_schema_takes_no_number_and_no_moment_without_a_zone(value):
    with pytest.raises(ValueError, match="with a zone"):
        moments.read(value)


@pytest.mark.parametrize("moment", [moments.END, datetime(1, 1, 1, tzinfo=UTC)])
def test_rows_take_no_other_moments_whichever_form_they_come_from(moment):
    with pytest.raises(ValidationError, match="between 1970 and 9998"):
        Resource._meta.get_field("published_at").clean(moment, None)
    with pytest.raises(ValidationError, match="between 1970 and 9998"):
        Token._meta.get_field("expires_at").clean(moment, None)
