"""Which backups are kept: the newest, and the last one of each of so many days, weeks and months."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from ghost.operations.backups import archive


@dataclass(frozen=True)
class Candidate:
    """A backup that may be dropped."""

    name: str
    created_at: datetime
    is_proven: bool


@dataclass(frozen=True)
class Rule:
    """How many are kept of each sort."""

    newest: int
    days: int = 0
    weeks: int = 0
    months: int = 0


def rule() -> Rule:
    """What the configuration says."""
    ghost = settings.GHOST
    return Rule(
        ghost.backup_keep,
        ghost.backup_keep_daily,
        ghost.backup_keep_weekly,
        ghost.backup_keep_monthly,
    )


def kept(found: Iterable[Candidate], rule: Rule, now: datetime) -> set[str]:
    """The names of those that stay. The newest one that was proven always does. Days, weeks (from Monday)
    and months are those of UTC; those without a backup don't count. What is from the future stays beside
    these until its time has come: if a clock is behind, all the others are."""
    found = archive.newest_first(found, now)
    ahead = {each.name for each in found if each.created_at > now}
    return ahead | _counted([each for each in found if each.name not in ahead], rule)


def _counted(rows: list[Candidate], rule: Rule) -> set[str]:
    """Newest first."""
    names = {each.name for each in rows[: rule.newest]}
    for most, period in ((rule.days, _day), (rule.weeks, _week), (rule.months, _month)):
        names |= _last_of_each(rows, period, most)
    return names | {each.name for each in [each for each in rows if each.is_proven][:1]}


def _last_of_each(
    rows: list[Candidate], period: Callable[[datetime], tuple[int, ...]], most: int
) -> set[str]:
    last: dict[tuple[int, ...], str] = {}
    for each in rows:
        last.setdefault(period(each.created_at), each.name)
    return set(list(last.values())[:most])


def _day(at: datetime) -> tuple[int, ...]:
    return at.year, at.month, at.day


def _week(at: datetime) -> tuple[int, ...]:
    return at.isocalendar()[:2]


def _month(at: datetime) -> tuple[int, ...]:
    return at.year, at.month
