"""Keys that rows bring along: addresses of pages, and ids in publishers' scripts, hold on to them."""

from __future__ import annotations

from django.core.management.color import no_style
from django.db import connection, models


def free(model: type[models.Model], key: int | None) -> int | None:
    """The key that the row had where it comes from, if nobody has it here."""
    rows = model._default_manager  # Django's documented name
    return None if key is None or rows.filter(pk=key).exists() else key


def settle(*of: type[models.Model]) -> None:
    """Have the next keys come after those that were given: PostgreSQL counts by itself."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(of)):
            cursor.execute(statement)
