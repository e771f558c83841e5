"""Whether the DHT can be reached."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dht.engine.session import Session

COUNT_EVERY_S = 1.0


class Reach:
    """Whether it has nodes: waited for with patience, and looked at again now and then."""

    def __init__(self, session: Session, patience_s: float) -> None:
        self._session, self._patience_s = session, patience_s
        self._waiting_since: float | None = None
        self._looked_at = 0.0
        self._packets = 0
        self.is_there = False

    def is_awaited(self, wait_s: float) -> bool:
        """Wait for a first node; whether the DHT still has time to answer."""
        if self.is_there:
            return False
        now = time.monotonic()
        self._waiting_since = self._waiting_since or now
        is_late = now - self._waiting_since >= self._patience_s
        self.is_there = self._session.has_nodes(0 if is_late else wait_s)
        if self.is_there or is_late:
            self._waiting_since = None
        return not self.is_there and not is_late

    def packets(self) -> int:
        """How many packets came so far, as of a second ago."""
        if time.monotonic() - self._looked_at >= COUNT_EVERY_S:
            self._look()
        return self._packets

    def has_spoken_since(self, packets: int) -> bool:
        """Whether any node has sent something since there were so many `packets`."""
        if self.packets() == packets:
            self._look()
        self.is_there = self._packets > packets and self._session.num_nodes() > 0
        return self.is_there

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        self._packets = self._session.packets()
