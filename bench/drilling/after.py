"""What is left after the drill: rows, the queue, and the site beside one that is built anew."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import parts

from drilling.writing import Accepted

SETTLED = (
    "SELECT (SELECT count(*) FROM ghost_queueentry),"
    " (SELECT count(*) FROM resources_resource WHERE probe_status = 'pending'"
    " AND takedown_at IS NULL),"
    " (SELECT count(*) FROM builds_build WHERE state = 'running'),"
    " (SELECT revision FROM ghost_catalog) - (SELECT built_revision FROM builds_buildstate)"
)


def rows(here: Path, sql: str, *args: object) -> list[tuple[Any, ...]]:
    """Straight from the database."""
    with closing(sqlite3.connect(here / "ghost.db", timeout=60)) as database:
        return database.execute(sql, args).fetchall()


def settle(here: Path, patience_s: float) -> float:
    """Seconds until nothing is pending any more, or the patience is over."""
    began = time.monotonic()
    while time.monotonic() - began < patience_s:
        if not any(rows(here, SETTLED)[0]):
            break
        time.sleep(1)
    return time.monotonic() - began


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
        recorded = (
            "SELECT count(*) - count(DISTINCT object_key) FROM ghost_auditevent"
            " WHERE action = 'resource.create'"
        )
        return self.count(ours) - len(self._accepted.titles) + self.count(recorded)

    def left(self) -> int:
        """Tasks that somebody still seems to hold."""
        return self.count("SELECT count(*) FROM ghost_queueentry WHERE cluster <> ''")


def differing(here: Path, env: dict[str, str]) -> int:
    """How many files differ from those of a full build of the same rows in a new folder."""
    ours = _tree(here / "workdir" / "public")
    anew = env | {"GHOST_SITE_WORKDIR": str(here / "anew")}
    parts.run(anew, "manage.py", "build_site", "--force")
    theirs = _tree(here / "anew" / "public")
    return sum(ours.get(name) != theirs.get(name) for name in ours.keys() | theirs.keys())


def _tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
