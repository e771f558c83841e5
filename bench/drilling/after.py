"""What is left after the drill: rows, the queue, and the site beside one that is built anew."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from processes import parts

from drilling.writing import Accepted

SETTLED_S = 5.0
SETTLED = (
    "SELECT (SELECT count(*) FROM ghost_queueentry),"
    " (SELECT count(*) FROM resources_resource WHERE probe_status = 'pending'"
    " AND takedown_at IS NULL),"
    " (SELECT count(*) FROM dht_scan WHERE state = 'open'),"
    " (SELECT count(*) FROM builds_build WHERE state = 'running'),"
    " (SELECT revision FROM ghost_catalog) - (SELECT built_revision FROM builds_buildstate)"
)


def rows(here: Path, sql: str, *args: object) -> list[tuple[Any, ...]]:
    """Straight from the database."""
    with closing(sqlite3.connect(here / "ghost.db", timeout=60)) as database:
        return database.execute(sql, args).fetchall()


def settle(here: Path, patience_s: float) -> float:
    """Seconds until nothing is pending any more, for SETTLED_S on end, or the patience is over."""
    began = since = time.monotonic()
    while (now := time.monotonic()) - began < patience_s and now - since < SETTLED_S:
        time.sleep(1)
        if any(rows(here, SETTLED)[0]):
            since = time.monotonic()
    return since - began


class Found:
    """What the database says, beside what was accepted."""

    def __init__(self, here: Path, accepted: Accepted) -> None:
        self._here, self._accepted = here, accepted

    def count(self, sql: str) -> int:
        """The one number of a query."""
        return int(str(rows(self._here, sql)[0][0]))

    def lost(self) -> int:
        """Accepted writes that are not there."""
        titles = rows(self._here, "SELECT id, title FROM resources_resource")
        found: dict[int, str] = dict(titles)
        down = {
            pk for (pk,) in rows(
                self._here, "SELECT id FROM resources_resource WHERE takedown_at IS NOT NULL"
            )
        }  # fmt: skip
        wrong = [pk for pk, title in self._accepted.titles.items() if found.get(pk) != title]
        return len(wrong) + len(self._accepted.taken_down - down)

    def twice(self) -> int:
        """Resources that came of a request besides the one that was accepted, and creations that
        were recorded more than once."""
        ours = "SELECT count(*) FROM resources_resource WHERE title LIKE 'Work ________'"
        unknown = len(self._accepted.unanswered)
        recorded = (
            "SELECT count(*) - count(DISTINCT object_key) FROM ghost_auditevent"
            " WHERE action = 'resource.create'"
        )
        more = self.count(ours) - len(self._accepted.titles)
        return max(more - unknown, 0) + self.count(recorded)

    def left(self) -> int:
        """Tasks that somebody still seems to hold."""
        return self.count("SELECT count(*) FROM ghost_queueentry WHERE cluster <> ''")


TIMES = ("checked_at", "seen_at", "missing_since", "updated_at")
"""Of an entry, in the order of the columns that they are of."""


def differing(here: Path, env: dict[str, str]) -> int:
    """How many files differ from those of a full build of the same rows in a new folder."""
    ours = _tree(here / "workdir" / "public")
    _set_checks_back(here)
    anew = env | {"GHOST_SITE_WORKDIR": str(here / "anew")}
    parts.run(anew, "manage.py", "build_site", "--force")
    theirs = _tree(here / "anew" / "public")
    names = [n for n in ours.keys() | theirs.keys() if ours.get(n) != theirs.get(n)]
    if names:
        print(f"pending: {rows(here, SETTLED)}; differing:", *sorted(names)[:20], file=sys.stderr)
    return len(names)


def _set_checks_back(here: Path) -> None:
    """When a resource was looked up and seen last, and by how many, is no change by itself: the site
    tells of it with the next one. So the rows get what the site has."""
    sql = (
        "UPDATE resources_resource SET last_dht_check = ?, last_seen_at = ?, missing_since = ?,"
        " updated_at = ?, peers = ? WHERE id = ?"
    )
    with closing(sqlite3.connect(here / "ghost.db", timeout=60)) as database, database:
        for pk, told in database.execute("SELECT id, entry_json FROM builds_entryrow").fetchall():
            entry = json.loads(told)
            times = [_stored(entry[name]) for name in TIMES]
            database.execute(sql, (*times, entry["peers"], pk))


def _stored(iso: str | None) -> str | None:
    """A time as Django keeps it in SQLite."""
    return iso and iso.replace("T", " ").removesuffix("+00:00")


def _tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
