"""Whether the database is as far as this version of Ghost."""

from __future__ import annotations

from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def is_migrated() -> bool:
    """Whether every migration of this version is applied: two queries. DatabaseError if the
    database does not answer."""
    return _wanted() <= MigrationRecorder(connection).applied_migrations().keys()


@cache
def _wanted() -> frozenset[tuple[str, str]]:
    """All migrations on the disk: read once, for they belong to the program."""
    loader = MigrationLoader(None)
    return frozenset(loader.disk_migrations)
