"""Backups: one file that holds what a new machine needs, encrypted with age if asked. Leans on core.

An archive `ghost-<UTC time>.tar.gz` (`.age` when GHOST_AGE_RECIPIENT is set) holds the database as
of one moment (SQLite's file, or what pg_dump makes of PostgreSQL), probed metadata, covers, and
`manifest.json` with the SHA-256 of every file and the rows of every table. Nobody's session is in it
(`ghost.operations.backups.table_choices`); keys, passwords and second factors are only if it is
encrypted. What is known of each stands in a row (`ghost.operations.backups.models`).
"""

from ghost.operations.backups.archive import STAMP, Archive, Kind, list_all
from ghost.operations.backups.creation import write
from ghost.operations.backups.proof import Proof
from ghost.operations.backups.restoring import Restored, finish_interrupted, restore
from ghost.operations.backups.unpacking import read_whole

__all__ = [
    "STAMP",
    "Archive",
    "Kind",
    "Proof",
    "Restored",
    "finish_interrupted",
    "list_all",
    "read_whole",
    "restore",
    "write",
]
