"""What the folder's files are called."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from ghost.core.errors import RefusedError

FORMAT, VERSION = "ghost-catalog-text", 1
HEADER = "catalog.json"
README = "README.md"
PUBLISHERS, TEAMS, CATEGORIES = "publishers.ndjson", "teams.ndjson", "categories.ndjson"
TAKEN_DOWN = "taken-down.txt"
"""An info-hash on each line, and nothing else of what was taken down."""
RESOURCES = "resources"
MAX_HEADER_BYTES = 100_000
WORDS = """# A catalog of magnet links, as text

Written by Ghost, which writes all of it anew each time: change nothing here.

- `resources/YYYY-MM.ndjson`: what was made in that month (UTC), a record on each line
- `categories.ndjson`, `publishers.ndjson`, `teams.ndjson`: what these refer to
- `taken-down.txt`: info-hashes that must not come back

`manage.py import_catalog FOLDER` takes it into another Ghost.
"""


def resources_of(made_at: datetime) -> str:
    """The file of what was made at that moment."""
    return f"{RESOURCES}/{made_at.astimezone(UTC):%Y-%m}.ndjson"


def header(counts: Mapping[str, int]) -> str:
    """The header: what the folder is, and how many records of each type there are."""
    told = {"format": FORMAT, "version": VERSION, "counts": dict(counts)}
    return json.dumps(told, indent=2) + "\n"


def is_header(body: bytes) -> bool:
    """Whether this is the header of such a folder, of whatever version."""
    try:
        return bool(json.loads(body)["format"] == FORMAT)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def counts(body: bytes) -> dict[str, int]:
    """How many records of each type the header promises; RefusedError for another version."""
    told = json.loads(body)
    if told.get("version") != VERSION:
        raise RefusedError(
            f"The folder is of version {told.get('version')}, and this Ghost reads version {VERSION}:"
            " import it with the Ghost that wrote it, or a later one."
        )
    found = told.get("counts")
    if not isinstance(found, dict) or not all(type(n) is int and n >= 0 for n in found.values()):
        raise RefusedError(f"{HEADER} does not say how many records there are.")
    return {str(name): number for name, number in found.items()}
