"""Whether the database is as far as this version of Ghost."""

from __future__ import annotations

from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def is_migrated() -> bool:
    """Whether the last migration of each app is applied: two queries. DatabaseError if the
    database does not answer."""
    return _wanted() <= MigrationRecorder(connection).applied_migrations().keys()


@cache
def _wanted() -> frozenset[tuple[str, str]]:
    """The last migration of each app: read once, for they belong to the program."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())
