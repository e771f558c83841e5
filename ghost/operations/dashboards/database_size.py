"""What the database takes on the disk, and how fast it answers."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.db import connection

from ghost.core.db import migrations_state
from ghost.operations import figures

MOST_TABLES = 10


def look() -> dict[str, Any]:
    """As plain values."""
    item = figures.current().item("database")
    began = time.perf_counter()
    _value("SELECT 1")
    found = _of_sqlite() if connection.vendor == "sqlite" else _of_postgres()
    return found | {
        "status": str(item.status),
        "reason": str(item.reason),
        "vendor": connection.vendor,
        "is_migrated": migrations_state.is_migrated(),
        "answered_in_ms": round((time.perf_counter() - began) * 1000, 3),
    }


def _of_sqlite() -> dict[str, Any]:
    """https://www.sqlite.org/pragma.html; a table's share can't be had without reading all of it."""
    page = _value("PRAGMA page_size")
    log = Path(f"{connection.settings_dict['NAME']}-wal")
    return {
        "version": _value("SELECT sqlite_version()"),
        "size_bytes": page * _value("PRAGMA page_count"),
        "free_bytes": page * _value("PRAGMA freelist_count"),
        "write_ahead_log_bytes": log.stat().st_size if log.is_file() else 0,
        "connections": None,
        "largest_tables": {},
    }


def _of_postgres() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_total_relation_size(relid) AS bytes FROM pg_catalog.pg_statio_user_tables"
            " ORDER BY bytes DESC LIMIT %s",
            [MOST_TABLES],
        )
        tables = dict(cursor.fetchall())
    return {
        "version": _value("SHOW server_version"),
        "size_bytes": _value("SELECT pg_database_size(current_database())"),
        "free_bytes": None,
        "write_ahead_log_bytes": None,
        "connections": _value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        ),
        "largest_tables": tables,
    }


def _value(sql: str) -> Any:  # noqa: ANN401  # what the column holds
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return row[0] if row else None
