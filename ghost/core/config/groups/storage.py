"""The database, and how long its rows are kept."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_lazy as _
from pydantic import Field, field_validator

from ghost.core.config import database, role
from ghost.core.config.values import Address, Group, ProjectPath

LEAST_POOL = 4
MOST_WORKER_S = 40
"""A cluster of another machine that was silent for 45 s is taken for dead (`ghost.core.jobs.release`)."""


class Database(Group):
    """Which database holds the catalog."""

    heading = _("Database")

    database_url: Address = Field(
        "",
        description="The PostgreSQL database, such as postgresql://user:password@host:5432/ghost"
        "?sslmode=require; empty: SQLite at GHOST_DB_PATH. Its password is never shown.",
    )
    db_path: ProjectPath = Field(
        Path("var/db/ghost.db"),
        description="The SQLite database; with PostgreSQL its folder holds only the DHT's state.",
    )

    postgres_bin_dir: ProjectPath | None = Field(
        None,
        description="Folder of pg_dump, pg_restore and psql, which make and restore backups of PostgreSQL; empty:"
        " they are found on PATH. They must not be older than the server.",
    )

    database_timeout_web_s: int = Field(
        5,
        ge=1,
        le=60,
        description="Seconds that the web server waits for the database, locked by another writer or out of reach,"
        " before it answers 503 and when to come again.",
    )
    database_timeout_worker_s: int = Field(
        30,
        ge=5,
        le=MOST_WORKER_S,
        description="The same of workers and commands, which nobody waits for.",
    )
    database_query_timeout_s: int = Field(
        30,
        ge=0,
        le=80,
        description="Seconds that a query of the web server may take on PostgreSQL before it answers 503; 0: any.",
    )
    database_pool_size: int = Field(
        0,
        ge=0,
        le=100,
        description="Connections to PostgreSQL that the threads of a web process share, 4 at least; 0: each of its"
        " eight threads keeps its own.",
    )

    @field_validator("database_pool_size")
    @classmethod
    def _is_enough(cls, value: int) -> int:
        if 0 < value < LEAST_POOL:
            raise ValueError(f"must be 0, or {LEAST_POOL} at least: two serve the process itself")
        return value

    @property
    def database_patience(self) -> database.Patience:
        """Of this process."""
        if role.is_web_server():
            return database.Patience(
                self.database_timeout_web_s, self.database_query_timeout_s, self.database_pool_size
            )
        return database.Patience(self.database_timeout_worker_s)

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: str) -> str:
        if value:
            database.parse(value)
        return value

    @field_validator("db_path")
    @classmethod
    def _is_file(cls, value: Path) -> Path:
        if value.is_dir():
            raise ValueError("must name a file, not a folder")
        return value


class Retention(Group):
    """Days after which a schedule deletes records."""

    heading = _("How long records are kept")

    keep_days: int = Field(
        90,
        ge=1,
        le=36_500,
        description="Days that health samples, builds and ended tasks are kept.",
    )
    audit_keep_days: int = Field(
        365, ge=1, le=36_500, description="Days that audit events are kept."
    )
    address_keep_days: int = Field(
        90,
        ge=1,
        le=36_500,
        description="Days that audit events tell from which address somebody signed in or was refused.",
    )
