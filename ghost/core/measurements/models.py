"""What all processes have counted, and the slowest calls that any of them saw."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Self

from django.db import connection, models
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from ghost.core.measurements.counters import Series
from ghost.core.measurements.slowest import NAME_CHARS, WHERE_CHARS, Key, SlowCalls, SlowKind

SERIES_CHARS = 300
_SEPARATOR = "|"
SLOW_KEPT = timedelta(hours=48)
MOST_SLOW = 50
"""Of each kind and hour, these with the longest call are kept."""


class CounterValueQuerySet(models.QuerySet["CounterValue"]):
    """All that is counted."""

    def add(self, counted: Mapping[Series, float]) -> None:
        """Add what a process counted, in one statement. In one order always, so that two that write at
        once don't wait for each other in a circle."""
        if not counted:
            return
        rows = sorted((_text(series), number) for series, number in counted.items())
        places = ", ".join(["(%s, %s)"] * len(rows))
        statement = (
            f"INSERT INTO ghost_countervalue (series, value) VALUES {places}"  # noqa: S608  # places alone
            " ON CONFLICT (series) DO UPDATE SET value = ghost_countervalue.value + excluded.value"
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, [each for row in rows for each in row])

    def by_series(self) -> dict[Series, float]:
        """All of them: one query."""
        return {_series(text): value for text, value in self.values_list("series", "value")}


def _text(series: Series) -> str:
    name, labels, part = series
    cleaned = (label.replace(_SEPARATOR, "/") for label in labels)
    return _SEPARATOR.join((name, *cleaned, part))[:SERIES_CHARS]


def _series(text: str) -> Series:
    name, *labels, part = text.split(_SEPARATOR)
    return name, tuple(labels), part


class CounterValue(models.Model):
    """How much was counted of one combination of labels, since the database was made."""

    series = models.CharField(max_length=SERIES_CHARS, primary_key=True)
    value = models.FloatField()

    objects = CounterValueQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.series} {self.value:g}"


class SlowCallQuerySet(models.QuerySet["SlowCall"]):
    """Slow calls by the hour."""

    def add(self, seen: Mapping[Key, SlowCalls]) -> None:
        """Add what a process saw."""
        for (kind, name, hour), calls in sorted(seen.items(), key=lambda each: each[0]):
            values = vars(calls)
            row, is_new = self.get_or_create(values, kind=kind, name=name, hour=hour)
            if not is_new:
                row.join(calls)

    def since(self, moment: datetime) -> Self:
        """Those of the hours that had not ended then."""
        return self.filter(hour__gt=moment - timedelta(hours=1))

    def slowest(self, kind: SlowKind, limit: int) -> list[tuple[str, SlowCalls]]:
        """The calls of this kind by name, the hours together, the longest first: one query."""
        found: dict[str, SlowCalls] = {}
        for row in self.filter(kind=kind):
            known = found.get(row.name)
            found[row.name] = known.joined(row.told) if known else row.told
        return sorted(found.items(), key=lambda each: (-each[1].longest_s, each[0]))[:limit]

    def outdated(self, before: datetime) -> Self:
        """Those of hours that ended before then, and of each hour those beyond the MOST_SLOW."""
        place = Window(
            RowNumber(),
            partition_by=[F("kind"), F("hour")],
            order_by=[F("longest_s").desc(), F("pk")],
        )
        beyond = self.annotate(place=place).filter(place__gt=MOST_SLOW)
        return self.filter(models.Q(hour__lt=before) | models.Q(pk__in=beyond.values("pk")))


class SlowCall(models.Model):
    """Calls of one kind and name that were slow within one hour."""

    kind = models.CharField(max_length=10, choices=SlowKind)
    name = models.CharField(max_length=NAME_CHARS)
    hour = models.DateTimeField(db_index=True)
    calls = models.PositiveIntegerField()
    total_s = models.FloatField()
    longest_s = models.FloatField()
    longest_at = models.DateTimeField()
    where = models.CharField(max_length=WHERE_CHARS, blank=True)
    """Of the longest: its request's or task's id, or the functions that asked."""

    objects = SlowCallQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("kind", "name", "hour", name="ghost_slow_call_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.longest_s:.3f} s"

    @property
    def told(self) -> SlowCalls:
        """Its calls."""
        return SlowCalls(self.calls, self.total_s, self.longest_s, self.longest_at, self.where)

    def join(self, calls: SlowCalls) -> None:
        """Add more calls of the same; another process may do so at once."""
        own = SlowCall.objects.filter(pk=self.pk)
        own.update(calls=F("calls") + calls.calls, total_s=F("total_s") + calls.total_s)
        longer = own.filter(longest_s__lt=calls.longest_s)
        longer.update(
            longest_s=calls.longest_s, longest_at=calls.longest_at, where=calls.where
        )  # fmt: skip
