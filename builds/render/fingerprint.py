"""What the bytes of the site depend on beside builds' tables."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from pathlib import Path

from django.conf import settings

from builds.data.records import digest
from builds.render import hugo
from ghost.core.config.version import VERSION
from ghost.core.text import folding

CODE = (Path(__file__).parents[1], Path(__file__).parents[2] / "resources")
NO_RECORDS = frozenset({"admin", "deploy", "management", "migrations"})
"""Folders of code that makes no record."""


def current() -> str:
    """Digest of layouts, configuration, Hugo, of the code that makes records, and of what every
    magnet link and `.torrent` file names: with another one, everything is built anew."""
    trackers = " ".join(settings.GHOST.default_trackers)
    return digest(f"{hugo.fingerprint()} {_code()} {VERSION} {trackers}".encode())


@cache
def _code() -> str:
    """Of this process; another version of Ghost starts another one."""
    parts = [
        f"{path.relative_to(room)} {digest(path.read_bytes())}"
        for room in CODE
        for path in sorted(room.rglob("*.py"))
        if not NO_RECORDS.intersection(path.relative_to(room).parts)
    ]
    texts = sorted(Path(folding.__file__).parent.glob("*.[pj][ys]*"))
    parts += [f"{path.name} {digest(path.read_bytes())}" for path in texts]
    parts += [version(name) for name in ("markdown-it-py", "nh3")]
    return digest("\n".join(parts).encode())
