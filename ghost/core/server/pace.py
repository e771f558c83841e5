"""How long a client may take: a number of seconds, and more for as long as data moves."""

from __future__ import annotations

import time

SLOWEST_BYTES_PER_S = 10_000
"""Of a slow line; it holds nothing but a place among the connections."""


class Pace:
    """Its deadline moves on by a second with every `slowest_bytes_per_s` that went through."""

    def __init__(self, patience_s: float, slowest_bytes_per_s: float = SLOWEST_BYTES_PER_S) -> None:
        self._slowest_bytes_per_s = slowest_bytes_per_s
        self.restart(patience_s)

    def restart(self, patience_s: float) -> None:
        """From now on."""
        self._patience_s, self._moved_bytes = patience_s, 0
        self._since = time.monotonic()

    def go_on(self, moved_bytes: int) -> None:
        """So much went through."""
        self._moved_bytes += moved_bytes

    @property
    def deadline(self) -> float:
        """On the monotonic clock."""
        return self._since + self._patience_s + self._moved_bytes / self._slowest_bytes_per_s
