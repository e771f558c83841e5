"""One at a time changes the public tree: builders, who publish, and whoever takes something off it.

What one of them holds is short: it seals, commits and merges. The lock is the operating system's
and ends with its process. A holder that sleeps (a stopped process, a disk that hangs) must not keep
a takedown waiting, so it is not waited for longer than WAIT_S: the database's token decides who
was first, and each merge can be done by two at once.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from builds.tree import releases
from ghost.core.io.files import PASSABLE_FOLDER, make_folder

WAIT_S = 2.0
LOOK_EVERY_S = 0.02


@contextmanager
def held() -> Iterator[None]:
    """Have the public tree to oneself, or nearly so."""
    folder = releases.releases()
    make_folder(folder, PASSABLE_FOLDER)
    with (folder.parent / "merge.lock").open("wb") as file:
        deadline = time.monotonic() + WAIT_S
        while not _take(file) and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY_S)
        yield


def _take(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
