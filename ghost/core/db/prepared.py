"""Queries that requests ask again and again, with their SQL made once.

To make the SQL of a query, and to work out how its answer is read, takes Django ten times as long
as a database takes to find one row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import connections, models

ASKED = "<what is asked for>"
"""In a prepared queryset: the text that differs from one time to the next."""

Row = TypeVar("Row", bound=models.Model)


class Prepared(Generic[Row]):
    """A queryset whose shape never changes: `make` gives it, with ASKED where values differ."""

    def __init__(self, make: Callable[[], models.QuerySet[Row]]) -> None:
        self._make = make
        self._query: _Query[Row] | None = None

    def first(self, asked: str = "") -> Row | None:
        """Its first row for that value, or None."""
        query = self._query = self._query or _Query(self._make())
        return query.first(asked)


class _Query(Generic[Row]):
    """What Django's compiler has made of a queryset: SQL, and how a row of the answer is read."""

    def __init__(self, rows: models.QuerySet[Row]) -> None:
        self._model, self._db = rows.model, rows.db
        compiler = rows.query.get_compiler(self._db)
        self._sql, self._values = compiler.as_sql()
        columns = [part[0] for part in compiler.select]
        self._converters = compiler.get_converters(columns)
        own = compiler.klass_info["select_fields"]
        self._fields = [(at, columns[at].target.attname) for at in own]
        self._annotations = [(at, name) for name, at in compiler.annotation_col_map.items()]

    def first(self, asked: str) -> Row | None:
        given = [asked if value == ASKED else value for value in self._values]
        connection = connections[self._db]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, given)
            found = cursor.fetchone()
        return None if found is None else self._read(list(found), connection)

    def _read(self, values: list[Any], connection: Any) -> Row:  # noqa: ANN401  # Django's
        for at, (converters, column) in self._converters.items():
            for convert in converters:
                values[at] = convert(values[at], column, connection)
        names = [name for _at, name in self._fields]
        row = self._model.from_db(self._db, names, [values[at] for at, _name in self._fields])
        for at, name in self._annotations:
            setattr(row, name, values[at])
        return row
