"""Backups: one file that holds what a new machine needs, encrypted with age if asked. Leans on core.

An archive `ghost-<UTC time>.tar.gz` (`.age` when GHOST_AGE_RECIPIENT is set) holds a consistent
snapshot of the database, probed metadata, covers, and `manifest.json` with the SHA-256 of every
file. Nobody's session is in it (`ghost.operations.backups.table_choices`); keys, passwords and
second factors are only if it is encrypted.
"""

from ghost.operations.backups.archive import STAMP, Archive, list_all
from ghost.operations.backups.creation import create
from ghost.operations.backups.proof import verify
from ghost.operations.backups.restoring import Restored, restore

__all__ = ["STAMP", "Archive", "Restored", "create", "list_all", "restore", "verify"]
