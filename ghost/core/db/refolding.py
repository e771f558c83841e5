"""Stored folds of an earlier version, made anew: a part at a time, while all else goes on.

Meanwhile searches find by the old folds, which are much the same. What is unique needs somebody who decides when
two become one: `teams.models.public_names.renew`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.db import connection, models

from ghost.core.db.fields import FoldedField
from ghost.core.db.pacing import ROWS_AT_ONCE, PacedWriter

Model = type[models.Model]


def is_due() -> bool:
    """Whether a column has a fold of another version than this Ghost's, unique ones included."""
    return any(_outdated(model, field).exists() for model, field in _columns())


def renew() -> int:
    """Make all of them anew that need not be unique; how many there were."""
    return sum(_renew(model, field) for model, field in _columns() if not field.unique)


def _columns() -> Iterator[tuple[Model, FoldedField]]:
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, FoldedField):
                yield model, field


def _outdated(model: Model, field: FoldedField) -> models.QuerySet[Any]:
    return field.outdated(model._base_manager.all()).order_by("pk")


def _renew(model: Model, field: FoldedField) -> int:
    keys = list(_outdated(model, field).values_list("pk", flat=True))
    writer = PacedWriter()
    for part in writer.in_parts(keys, ROWS_AT_ONCE):
        with writer.writing():
            _write(model, field, part)
    return len(keys)


def _write(model: Model, field: FoldedField, keys: Sequence[Any]) -> None:
    """By SQL, which takes a fifth of the time; a text that changed meanwhile was folded by whoever changed it."""
    columns = (field.column, model._meta.pk.column, field.of)
    named = (connection.ops.quote_name(str(name)) for name in (model._meta.db_table, *columns))
    texts = model._base_manager.filter(pk__in=keys).values_list("pk", field.of)
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE {} SET {} = %s WHERE {} = %s AND {} = %s".format(*named),  # noqa: S608  # our own names
            [(field.get_prep_value(field.folded(text)), key, text) for key, text in texts],
        )
