"""Times of day and weekdays, as cron writes them, in a time zone.

As Debian's cron does: a job at 02:30 runs once on the day that has no 02:30, when the clock jumps
(03:00), and once on the day that has it twice, at the first; `*` for the hour is every hour that passes.
"""

from __future__ import annotations

import difflib
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from cronsim import CronSim, CronSimError

FIELDS = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day-of-month": "1 to 31, or L for the last",
    "month": "1 to 12, or JAN to DEC",
    "day-of-week": "0 to 7, or SUN to SAT",
}
"""In their order, as cronsim names them, and what each takes."""
MAX_CHARS = 100
_EXAMPLE = "0 4 * * MON-FRI"


def zone(name: str) -> zoneinfo.ZoneInfo:
    """The time zone of that name (IANA); ValueError, with a name that is like it, if there is none."""
    try:
        if name.startswith(("posix/", "right/")):  # copies of all, the second with leap seconds
            raise zoneinfo.ZoneInfoNotFoundError
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"is no IANA time zone, such as {_like(name)}") from None


def _like(name: str) -> str:
    known = {each.lower(): each for each in zoneinfo.available_timezones()}
    near = difflib.get_close_matches(name.strip().lower(), known, n=1, cutoff=0.5)
    return known[near[0]] if near else "Europe/Berlin"


@dataclass(frozen=True)
class Cron:
    """A line of cron (`0 4 * * MON-FRI`) in a zone."""

    line: str
    zone: zoneinfo.ZoneInfo

    def __str__(self) -> str:
        return f"{self.line} {self.zone.key}"

    def after(self, moment: datetime) -> datetime:
        """When it comes next, later than that, in UTC."""
        return next(self._all_after(moment))

    def next_runs(self, moment: datetime, count: int = 3) -> list[datetime]:
        """When it comes next, so many times, in its zone."""
        return [at.astimezone(self.zone) for at in islice(self._all_after(moment), count)]

    def _all_after(self, moment: datetime) -> Iterator[datetime]:
        """In the hour that comes twice, cronsim's first may lie before the moment."""
        for found in CronSim(self.line, moment.astimezone(self.zone)):
            if found > moment:
                yield found.astimezone(UTC)


def check(line: str) -> str:
    """The line with single spaces; ValueError says what is wrong with it."""
    parts = line.split()
    if len(parts) != len(FIELDS):
        raise ValueError(
            f"must have five fields (minute, hour, day of the month, month, day of the week), such as {_EXAMPLE}"
        )
    try:
        next(CronSim(" ".join(parts), datetime.now(UTC)))
    except CronSimError as error:
        raise ValueError(_wrong(str(error).removeprefix("Bad "))) from None
    except StopIteration:
        raise ValueError("names a day that never comes") from None
    return " ".join(parts)


def _wrong(field: str) -> str:
    return f"has no {field.replace('-of-', ' of the ')} that is right: {FIELDS[field]}"
