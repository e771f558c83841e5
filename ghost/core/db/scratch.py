"""A copy of the database to try something on: whatever is written there, nobody waits for it."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

PREFIX = ".try-"
"""Of the folder that it lies in, beside the database."""


@contextmanager
def on_copy() -> Iterator[None]:
    """This process works on a copy of the SQLite database, as of now, which goes away in the end.

    It is made while others write (https://www.sqlite.org/backup.html), and takes as much room again.
    In a database that is not a file, or is PostgreSQL's, the work is done there: whoever asks has to
    undo it.
    """
    name = connection.settings_dict["NAME"]
    is_file = connection.vendor == "sqlite" and Path(str(name)).is_file()
    if connection.in_atomic_block or not is_file:
        yield
        return
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=Path(name).parent) as folder:
        copy = Path(folder) / "copy.db"
        _copy(Path(name), copy)
        _use(copy)
        try:
            yield
        finally:
            _use(name)


def _copy(source: Path, target: Path) -> None:
    target.touch(mode=0o600)
    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(target)) as here:
        there.backup(here)


def _use(name: Any) -> None:  # noqa: ANN401  # a path, or what Django makes of one
    connection.close()
    connection.settings_dict["NAME"] = name
