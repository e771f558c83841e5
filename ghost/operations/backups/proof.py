"""Proving a backup by a real restore to where it goes away, with every table counted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ghost.core.errors import RefusedError
from ghost.core.text.reasons import Reason
from ghost.operations import reasons
from ghost.operations.backups import databases, unpacking


@dataclass(frozen=True)
class Proof:
    """What was restored and counted. Not `is_restored` where Ghost may make no scratch database:
    then the rows were read and counted in the archive itself."""

    name: str
    tables: int
    rows: int
    files: int
    is_restored: bool

    def told(self) -> Reason:
        """In words."""
        code = reasons.BACKUP_RESTORED if self.is_restored else reasons.BACKUP_COUNTED
        return code(name=self.name, tables=self.tables, rows=self.rows, files=self.files)


def prove(path: Path) -> Proof:
    """Restore a backup into a scratch database and count each table's rows against its manifest.

    RefusedError if it can't be read, is not complete, or differs; OutageError if there is no room.
    """
    with unpacking.unpacked(path) as (folder, found):
        here = databases.current()
        if found.database != here.word:
            raise RefusedError(reasons.BACKUP_OTHER_DATABASE(name=found.database))
        is_restored = here.prove(folder, found)
        return Proof(path.name, len(found.tables or {}), found.rows, len(found.files), is_restored)


def sweep() -> int:
    """Drop the scratch databases of proofs whose process was killed; how many there were."""
    return databases.current().sweep()
