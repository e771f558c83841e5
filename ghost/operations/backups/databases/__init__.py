"""The database that backups are made of and restored into: SQLite or PostgreSQL. Leans on the manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from django.conf import settings

from ghost.operations.backups.archive import Kind
from ghost.operations.backups.databases.sqlite_file import SqliteDatabase
from ghost.operations.backups.manifest import Manifest


class Database(Protocol):
    """What can be dumped, proven and restored. `folder` is an unpacked archive."""

    @property
    def word(self) -> str:
        """As manifests name it."""

    def size_bytes(self) -> int:
        """Roughly what a dump takes."""

    def dump(self, folder: Path, kind: Kind, *, is_encrypted: bool) -> Manifest:
        """Write it as of one moment into `folder`; a manifest of it alone."""

    def check(self, folder: Path, manifest: Manifest) -> None:
        """RefusedError if what is in the archive is damaged, or not Ghost's."""

    def prove(self, folder: Path, manifest: Manifest) -> bool:
        """Restore it to where it goes away, and count; whether that was possible."""

    def sweep(self) -> int:
        """Drop what proofs left whose process was killed."""

    def rows_at_stake(self) -> int:
        """How many rows of people's work a restore would replace."""

    def require_nobody(self) -> None:
        """RefusedError while somebody else uses it."""

    def stage(self, folder: Path, manifest: Manifest, stamp: str) -> None:
        """Make what was unpacked ready to be put in place."""

    def put_in_place(self, folder: Path, manifest: Manifest, stamp: str) -> str:
        """Replace what is there, in one step that may be repeated; where that is kept, if there was any."""

    def without_password(self) -> int:
        """How many people have none since it was withheld."""


def current() -> Database:
    """The one that the configuration names."""
    if not settings.GHOST.database_url:
        return SqliteDatabase(settings.GHOST.db_path)
    from ghost.operations.backups.databases.postgres import (  # noqa: PLC0415  # psycopg: 60 ms that nobody needs on SQLite
        PostgresDatabase,
    )

    return PostgresDatabase(settings.GHOST.database_url)
