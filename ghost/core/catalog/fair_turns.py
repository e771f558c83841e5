"""Much that one writer has to write, in parts that let others in between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from ghost.core.catalog.models import Catalog

LONGEST_PAUSE_S = 0.5


class FairTurns:
    """Turns of one writer: between two of them the catalog is free for as long as the first held it.

    SQLite's waiters look again every few, later every hundred milliseconds: to somebody who holds
    the lock again at once they would lose each time.
    """

    def __init__(self) -> None:
        self._next_at = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """The next `Catalog.turn`; what takes long is better done before it, while others write."""
        time.sleep(max(0.0, self._next_at - time.monotonic()))
        with Catalog.turn():
            begun = time.monotonic()
            yield
        ended = time.monotonic()
        self._next_at = ended + min(ended - begun, LONGEST_PAUSE_S)
