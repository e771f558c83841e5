"""Whether the DHT can be reached."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dht.engine.session import Session

COUNT_EVERY_S = 1.0


class Reachability:
    """Whether the session knows DHT nodes; a first one is waited for, for `patience_s` seconds."""

    def __init__(self, session: Session, patience_s: float) -> None:
        self._session, self._patience_s = session, patience_s
        self._waiting_since: float | None = None
        self._counted_at = 0.0
        self._packets = 0
        self.is_reachable = False

    def is_still_waited_for(self, wait_s: float) -> bool:
        """Wait for a first node; whether the DHT still has time to answer."""
        if self.is_reachable:
            return False
        now = time.monotonic()
        self._waiting_since = self._waiting_since or now
        is_late = now - self._waiting_since >= self._patience_s
        self.is_reachable = self._session.has_nodes(0 if is_late else wait_s)
        if self.is_reachable or is_late:
            self._waiting_since = None
        return not self.is_reachable and not is_late

    def packets(self) -> int:
        """How many packets came so far, as of a second ago."""
        if time.monotonic() - self._counted_at >= COUNT_EVERY_S:
            self._count()
        return self._packets

    def has_answered_since(self, packets: int) -> bool:
        """Whether any node has sent something since there were so many `packets`."""
        if self.packets() == packets:
            self._count()
        self.is_reachable = self._packets > packets and self._session.num_nodes() > 0
        return self.is_reachable

    def _count(self) -> None:
        self._counted_at = time.monotonic()
        self._packets = self._session.packets()
