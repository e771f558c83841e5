"""Checks of swarms, written to the rows that they are of: each row once, whatever a check changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.db import connections, models
from django.utils import timezone

from ghost.core.catalog.models import Catalog
from resources import reasons
from resources.models import events
from resources.models.fields import state_is
from resources.states import State
from resources.swarms import SwarmCheck, SwarmFigures


class _Row(NamedTuple):
    pk: int
    publisher: int
    team: int | None
    is_live: bool
    old: SwarmFigures
    new: SwarmFigures

    @property
    def is_other(self) -> bool:
        """Whether a hard fact is another one."""
        return self.old.hard_facts != self.new.hard_facts


def record(rows: models.QuerySet[Any], checks: Mapping[int, SwarmCheck]) -> int:
    """Note what the checks of these rows said, by key; how many have another status than before.

    The catalog hears only of those that the public sees otherwise: see `SwarmFigures.hard_facts`.
    """
    with Catalog.turn():
        read = _read(rows, checks, timezone.now())
        _write(rows, read)
        changed = [row for row in read if row.is_other]
        _tell_catalog(changed)
        events.health((row.pk, row.publisher, row.team, row.old, row.new) for row in changed)
    return sum(row.old.dht_status != row.new.dht_status for row in changed)


def _read(
    rows: models.QuerySet[Any], checks: Mapping[int, SwarmCheck], now: datetime
) -> list[_Row]:
    is_live = models.ExpressionWrapper(state_is(State.LIVE), models.BooleanField())
    found = rows.filter(pk__in=checks).order_by("pk").select_for_update()
    columns = ("pk", "publisher_id", "team_id", is_live, *SwarmFigures._fields)
    read = list[_Row]()
    for pk, publisher, team, is_public, *figures in found.values_list(*columns):
        old = SwarmFigures(*figures)
        read.append(_Row(pk, publisher, team, is_public, old, old.after(checks[pk], now)))
    return read


def _write(rows: models.QuerySet[Any], read: Sequence[_Row]) -> None:
    """One statement for each row: SQLite writes a row anew, texts and all, for each that names it, and a
    `CASE` over a batch of rows takes Django ten times as long."""
    connection, meta = connections[rows.db], rows.model._meta
    quote = connection.ops.quote_name
    fields = [meta.get_field(name) for name in SwarmFigures._fields]
    columns = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    key = quote(meta.pk.column)
    sql = f"UPDATE {quote(meta.db_table)} SET {columns} WHERE {key} = %s"  # noqa: S608  # names of ours
    stored = cache(lambda place, value: fields[place].get_db_prep_save(value, connection))
    values = [[*(stored(*each) for each in enumerate(row.new)), row.pk] for row in read]
    if values:
        with connection.cursor() as cursor:
            cursor.executemany(sql, values)


def _tell_catalog(changed: Sequence[_Row]) -> None:
    """In one step for each sentence: how many became Active, Stale, Unknown, or have other figures."""
    alike = defaultdict[str, list[_Row]](list)
    for row in changed:
        status = row.new.dht_status
        alike[status if status != row.old.dht_status else ""].append(row)
    for status, rows in alike.items():
        said = reasons.OF_STATUS.get(status, reasons.OTHER_FIGURES)(number=len(rows))
        if seen := [row.pk for row in rows if row.is_live]:
            Catalog.advance(said, seen)
