"""Info-hashes that a torrent names: in names of files, or anywhere in its info section."""

from __future__ import annotations

import re

from ghost.core.text import info_hashes
from resources.torrents import bencode
from resources.torrents.metadata import Metadata

_BETWEEN = " ; "
_READABLE = re.compile(rb"[^\x00-\x1f\x7f]{32,}")
"""Hashes of pieces are no text; for a name that looks like a hash it is long enough."""


def of(found: Metadata) -> set[str]:
    """All of them; of the info section each text by itself, since a length stands before the next."""
    parts = (part for each in bencode.strings(found.info) for part in _READABLE.findall(each))
    texts = (part.decode(errors="replace") for part in parts)
    return info_hashes.named(_BETWEEN.join((*(file.path for file in found.files), *texts)))
