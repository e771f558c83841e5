"""The database, and how long its rows are kept."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_lazy as _
from pydantic import Field, field_validator

from ghost.core.config import database
from ghost.core.config.values import Address, Group, ProjectPath


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
