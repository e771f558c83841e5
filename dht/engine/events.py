"""What a session tells of what happened, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resources.torrents import sanitize

Endpoint = tuple[str, int]
"""Address and port of a peer."""


@dataclass(frozen=True)
class PeersNamed:
    """One DHT node answered a look-up of `key` (40 hex digits) with these peers, maybe none."""

    key: str
    peers: tuple[Endpoint, ...]


@dataclass(frozen=True)
class TorrentArrived:
    """The metadata of the torrent that was asked for under `magnet_hash`."""

    magnet_hash: str
    torrent: sanitize.Torrent


@dataclass(frozen=True)
class TorrentRefused:
    """The metadata under `magnet_hash` has the right hash, but can't be used: no peer could help.

    `reason` ends a sentence. A peer whose metadata has another hash ends nothing: others may not.
    """

    magnet_hash: str
    reason: str


Event = PeersNamed | TorrentArrived | TorrentRefused


@dataclass(frozen=True)
class LookupLoad:
    """How many look-ups are `under_way`; those not `busy` only wait for nodes that are silent."""

    under_way: int
    busy: int
