"""Moments as people and files write them: one range and one spelling at every entry point.

What is kept lies from 1970 to the end of 9998, in UTC: with a day to spare on both sides any zone can show it, and
every database and JSON reader knows it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from pydantic import AwareDatetime, BeforeValidator

from ghost.core.errors import RefusedError

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(9999, 1, 1, tzinfo=UTC)
"""The first moment that is too late."""

_ZONE = r"(?P<zone>[Zz]|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])"
_WRITTEN = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]"
    r"(?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,30})?)?)" + _ZONE + "?"
)


def parse(text: str, *, is_utc: bool = False) -> datetime:
    """The moment in UTC that `2026-01-31T12:00:00+00:00` names (RFC 3339, also without seconds or with a space).

    RefusedError for what is none, lies outside of the range, or names no zone where it is not known to be in UTC.
    """
    written = _WRITTEN.fullmatch(text)
    if written and written["zone"] is None and not is_utc:
        raise RefusedError(_("the zone is missing: write 2026-01-31T12:00:00+00:00"))
    try:
        found = datetime.fromisoformat(_plain(written)) if written else None
    except ValueError:
        found = None
    if found is None:
        raise RefusedError(
            _("must be a date and time with a zone, such as 2026-01-31T12:00:00+00:00")
        )
    return in_range(found)


def _plain(written: re.Match[str]) -> str:
    """As Python reads it, in any version: to the microsecond, with an hour below 24."""
    if written["time"].startswith("24"):  # Python 3.14 takes it for the next day
        raise ValueError
    time, dot, fraction = written["time"].partition(".")
    zone = "+00:00" if (written["zone"] or "Z") in "Zz" else written["zone"]
    return f"{written['day']}T{time}{dot}{fraction[:6].ljust(6, '0') if dot else ''}{zone}"


def in_range(moment: datetime) -> datetime:
    """The same moment in UTC; RefusedError if it lies outside of the range."""
    if not EARLIEST <= moment < END:
        raise RefusedError(_("the year must be between 1970 and 9998"))
    return moment.astimezone(UTC)


def require_in_range(moment: datetime) -> None:
    """As a validator of fields: ValidationError if it lies outside of the range."""
    try:
        in_range(moment)
    except RefusedError as error:
        raise ValidationError(str(error), code="range") from error


def read(value: object) -> datetime:
    """For schemas: the moment of a text or a datetime; ValueError otherwise. A number is none, nor are digits that
    pydantic would take for seconds since 1970."""
    try:
        if isinstance(value, str):
            return parse(value)
        if isinstance(value, datetime) and value.tzinfo:
            return in_range(value)
    except RefusedError as error:
        raise ValueError(str(error)) from error
    raise ValueError(_("must be a date and time with a zone, such as 2026-01-31T12:00:00+00:00"))


Moment = Annotated[AwareDatetime, BeforeValidator(read)]
"""A moment in a file, as it is kept."""
