"""What the site shows of one resource: plain values, as they stand in `EntryRow`.

Pages, lists, feeds, indexes and the search are made of these alone, so that one edit needs no
look at the rest of the catalog.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import NamedTuple, Self

from resources import sizes, slugs

slug_of = lru_cache(maxsize=20_000)(slugs.make)


class Picture(NamedTuple):
    """The cover of a resource: digest of its files, size of the larger one in pixels."""

    digest: str
    width: int
    height: int


@dataclass(frozen=True)
class Entry:
    """Times are ISO 8601 in UTC (`2026-01-31T12:00:00+00:00`), sizes in bytes."""

    id: int
    title: str
    magnet: str
    hash: str
    hash_v1: str | None
    hash_v2: str | None
    category: int
    publisher: int
    team: int | None
    tags: tuple[str, ...]
    size_bytes: int | None
    file_count: int | None
    files_summary: str
    dht_status: str
    """`Active`, `Stale` or `Unknown`."""
    seeds_band: str
    """As `SeedsBand` has it."""
    missing_since: str | None
    checked_at: str | None
    seen_at: str | None
    """When a check last found anybody."""
    peers: int | None
    """Whom the last check saw."""
    published_at: str
    became_public_at: str
    """Lists and feeds stand in this order."""
    updated_at: str
    summary: str
    """The text in one line, 240 characters at most."""
    cover: Picture | None = None
    torrent: str = ""
    """Digest of its `.torrent` file; empty if there is none."""
    licence: str = ""
    """An SPDX expression; empty if nobody told."""
    source_url: str = ""
    """Where the work comes from; empty if nobody told."""
    replaces: int | None = None
    """The older release that it takes the place of, public or not: see `builds.listings.supersession`."""

    @property
    def json(self) -> str:
        """As the column `entry_json` stores it; `from_json` reads it."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        return json.dumps(plain, separators=(",", ":"))

    @classmethod
    def from_json(cls, stored: str) -> Self:
        """The entry that `json` gave; ValueError or TypeError if it is none."""
        plain = json.loads(stored)
        plain["tags"] = tuple(plain["tags"])
        plain["cover"] = Picture(*plain["cover"]) if plain["cover"] else None
        return cls(**plain)

    @property
    def size(self) -> str | None:
        """Its size for people (`1.4 GiB`); None if it is not known."""
        return None if self.size_bytes is None else sizes.human(self.size_bytes)

    @property
    def health(self) -> str:
        """`dht_status` in small letters, as styles and filters of the site name it."""
        return self.dht_status.lower()

    @property
    def published_on(self) -> str:
        """The date that its publisher gave, in UTC: `2026-01-31`."""
        return self.published_at[:10]

    @property
    def public_since(self) -> str:
        """The date on which it became public, in UTC: `2026-01-31`."""
        return self.became_public_at[:10]

    @cached_property
    def tag_slugs(self) -> dict[str, str]:
        """Each tag's slug, and how this resource spells it."""
        return {slug_of(name): name for name in reversed(self.tags)}
