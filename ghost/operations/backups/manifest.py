"""`manifest.json`: what an archive holds, so that it can be proven."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ghost.operations.backups.archive import Kind

MANIFEST = "manifest.json"
SQLITE, POSTGRESQL = "sqlite", "postgresql"


@dataclass(frozen=True)
class ArchivedFile:
    """One file of an archive: path inside, size in bytes, SHA-256 in hex."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """When and of what an archive was made; `tables` is the number of rows of each, or empty in an
    archive from before they were counted."""

    created_at: str
    files: list[ArchivedFile]
    kind: Kind = Kind.FULL
    database: str = SQLITE
    schema: str = ""
    """Of PostgreSQL: the one that its tables stand in."""
    version: str = ""
    """Of the Ghost that made it."""
    is_encrypted: bool = False
    tables: dict[str, int] | None = None

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum((self.tables or {}).values())

    def body(self) -> bytes:
        """As it stands in the archive."""
        return json.dumps(asdict(self), indent=1).encode()


def read(folder: Path) -> Manifest:
    """The manifest of an unpacked archive. ValueError, KeyError or TypeError for another shape."""
    values: Any = json.loads((folder / MANIFEST).read_text())
    values["files"] = [ArchivedFile(**entry) for entry in values["files"]]
    values["kind"] = Kind(values.get("kind", Kind.FULL))
    values.setdefault("created_at", "")
    found = Manifest(**values)
    tables = {} if found.tables is None else found.tables
    if not isinstance(tables, dict) or not all(
        isinstance(n, str) and type(c) is int for n, c in tables.items()
    ):
        raise ValueError("its tables are no counts")
    return found


def check(folder: Path) -> Manifest:
    """The manifest, after every file was compared with it. ValueError if they differ."""
    found = read(folder)
    present = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    if present != {MANIFEST, *(entry.path for entry in found.files)}:
        raise ValueError("files and manifest differ")
    for entry in found.files:
        with (folder / entry.path).open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != entry.sha256:
                raise ValueError(f"{entry.path} was changed")
    return found
