"""The database: how large it is, and how it stands."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest
from ninja import Router

from ghost.api.ops import access
from ghost.core.http.schema.schemas import Documented
from ghost.operations.dashboards import database_size

router = Router(tags=[access.TAG])


class DatabaseOut(Documented):
    """The database at this moment."""

    status: str
    """`ok`, or what is wrong: `degraded` or `down`."""
    reason: str
    """The same, for people to read."""
    vendor: str
    """`sqlite` or `postgresql`."""
    version: str
    """Version of the database's program."""
    is_migrated: bool
    """Whether it is as far as this version of Ghost."""
    answered_in_ms: float
    """How long it took for the simplest question, in milliseconds."""
    size_bytes: int
    """What it takes on the disk, in bytes."""
    free_bytes: int | None
    """What of that is empty and is used again; null where that is not known."""
    write_ahead_log_bytes: int | None
    """SQLite's write-ahead log, in bytes; null elsewhere."""
    connections: int | None
    """PostgreSQL's open connections to this database; null elsewhere."""
    largest_tables: dict[str, int]
    """The largest tables, with their bytes; empty where the database does not tell."""

    example: ClassVar = {
        "status": "ok",
        "reason": "answers, all migrations applied",
        "vendor": "sqlite",
        "version": "3.46.1",
        "is_migrated": True,
        "answered_in_ms": 0.1,
        "size_bytes": 104_857_600,
        "free_bytes": 4096,
        "write_ahead_log_bytes": 4_194_304,
        "connections": None,
        "largest_tables": {},
    }


@router.get(
    "/database",
    auth=access.READ,
    response={200: DatabaseOut},
    operation_id="database_read",
    summary="Get the state of the database",
)
def read_database(request: HttpRequest) -> dict[str, Any]:
    """Get how the database stands, and what it takes on the disk."""
    return database_size.look()
