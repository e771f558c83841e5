"""What comes of a probe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ghost.core.text.reasons import NONE, Reason

if TYPE_CHECKING:
    from resources.states import ProbeStatus
    from resources.torrents.metadata import Metadata


@dataclass(frozen=True)
class ProbeOutcome:
    """How one probe ended: `metadata` with status ok, else the reason why not."""

    magnet_hash: str
    status: ProbeStatus
    metadata: Metadata | None = None
    error: Reason = NONE
    num_peers: int = 0
