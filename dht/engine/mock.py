"""Probes without a network, for tests and development (GHOST_MAGNET_METADATA_BACKEND=mock): each answer is made from
the hash, so the same link always gives the same."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from dht import reasons
from dht.engine.outcomes import ProbeOutcome
from resources.states import ProbeStatus
from resources.torrents import sanitize
from resources.torrents.metadata import File, Metadata

if TYPE_CHECKING:
    from resources.torrents.magnets import Magnet

BACKEND = "mock"
INACTIVE_BELOW = 0x1A
"""By the first byte of its hash, one of ten torrents has nobody."""
MAX_FILES = 12
_PIECE_LENGTH = 1 << 20
_FOLDERS = ("", "", "docs/", "extras/", "extras/images/")
_ENDINGS = ("iso", "mkv", "csv", "pdf", "txt", "zip")


def is_on() -> bool:
    """Whether the settings ask for made-up answers."""
    return bool(settings.GHOST.magnet_metadata_backend == BACKEND)


class MockProbes:
    """As `dht.engine.probes.Probes`: all that joined have ended by the next step."""

    def __init__(self) -> None:
        self._waiting: dict[str, Magnet] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, magnet: Magnet) -> None:
        """Let it join."""
        self._waiting[magnet.hash] = magnet

    def step(self, _wait_s: float) -> list[ProbeOutcome]:
        """What came of all that joined."""
        outcomes = [outcome(magnet) for magnet in self._waiting.values()]
        self._waiting.clear()
        return outcomes

    def abandon(self) -> None:
        """Forget all that has not ended."""
        self._waiting.clear()


def outcome(magnet: Magnet) -> ProbeOutcome:
    """What the hash says of the torrent, or that nobody has it."""
    if int(magnet.hash[:2], 16) < INACTIVE_BELOW:
        return ProbeOutcome(magnet.hash, ProbeStatus.INACTIVE, error=reasons.MOCK_INACTIVE())
    found = _metadata(magnet)
    return ProbeOutcome(magnet.hash, ProbeStatus.OK, found, num_peers=found.num_peers)


def _metadata(magnet: Magnet) -> Metadata:
    dice = random.Random(magnet.hash)  # noqa: S311  # nothing secret is made of it
    name = sanitize.clean_name(magnet.name or f"work-{magnet.hash[:8]}")
    files = tuple(_files(dice, name))
    return Metadata(
        magnet_hash=magnet.hash,
        name=name,
        total_size_bytes=sum(file.size for file in files),
        files=files,
        piece_length=_PIECE_LENGTH,
        num_peers=dice.randint(1, 60),
        fetched_at=timezone.now(),
        backend=BACKEND,
        v1=magnet.v1 or "",
        v2=magnet.v2 or "",
    )


def _files(dice: random.Random, name: str) -> list[File]:
    count = dice.randint(1, MAX_FILES)
    if count == 1:
        return [File(name, _size(dice))]
    return [
        File(f"{name}/{dice.choice(_FOLDERS)}{number:02}.{dice.choice(_ENDINGS)}", _size(dice))
        for number in range(1, count + 1)
    ]


def _size(dice: random.Random) -> int:
    """From a few kB to some GB, small ones more often."""
    return int(1024 * 10 ** dice.uniform(0.5, 6.3))
