"""How lists of resources are found: down one narrow index, newest first.

The index holds whatever a list can be narrowed by, so every combination of filters costs the same:
a page that is full ends the scan, and one that finds nothing has read 200 bytes for each resource,
not its texts. An index for each filter would serve some combinations better and others far worse:
a large category with no match in it means reading each of its rows. See docs/decisions/0016.
"""

from __future__ import annotations

import re
from functools import reduce
from operator import or_
from typing import Any

from django.db import models
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from ghost.core.text import info_hashes
from ghost.core.text.folding import KEY_CHARS, fold

HASHES = ("magnet_hash", "magnet_hash_v2", "other_hash")
INDEX = models.Index(
    fields=[
        "id", "title_folded", *HASHES, "category", "publisher", "team", "dht_status",
        "probe_status", "takedown_at", "published_at", "probed_at", "awaits_review", "updated_at",
        "became_public_at", "is_private", "is_let_through", "seeds_band", "seeds", "last_seen_at",
        "missing_since",
    ],
    name="resources_walk",
)  # fmt: skip
PART_OF_HASH = re.compile("[0-9a-f]{6,64}")
"""Shorter ones are in the hashes of too many."""
MOST_WORDS = 50
"""Of a text that is looked for."""
_BETWEEN_WORDS = re.compile(r"[\s._,:;/|+~()\[\]{}–—-]+")
"""Titles separate their words by dots, dashes and the like: any of them is as good as a space."""


class Unindexed(models.Func):
    """A column as it is, but SQLite seeks no index for it (sqlite.org/optoverview.html, 2.1).

    It knows nothing of how values are spread, and would take any index of one filter for a good
    one. PostgreSQL keeps count, and chooses for itself.
    """

    template = "%(expressions)s"
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:  # noqa: ANN401  # Django's
        """With the sign that SQLite reads as "no index"."""
        return self.as_sql(compiler, connection, template="+%(expressions)s", **context)


PREFIX = "listed_"
LISTED = {
    f"{PREFIX}{name}": Unindexed(name)
    for name in (
        "id", "category", "publisher", "team", "dht_status", "probe_status", "takedown_at",
        "published_at", "probed_at", "awaits_review", "updated_at", "is_private",
        "is_let_through", "seeds_band", "seeds", "last_seen_at", "missing_since",
    )
}  # fmt: skip
"""Aliases under which lists are filtered: `rows.alias(**LISTED).filter(listed_team=…)`."""


def by_publication() -> tuple[Any, str]:
    """The order of what became public last first; sorted, so that no other index is taken."""
    return Unindexed("became_public_at").desc(), "-pk"


def has_text(text: str) -> models.Q:
    """Those with this text, or with each of its words, in their title, as `fold` compares it; or with a part of
    an info-hash; or of the torrents that it names, as `named_hashes` finds them."""
    value = fold(text)[: KEY_CHARS - 1]
    names = ["title_folded", *(HASHES if PART_OF_HASH.fullmatch(value) else ())]
    found = [has(name, value) for name in names]
    words = [word for word in dict.fromkeys(_BETWEEN_WORDS.split(value)) if word]
    if len(words) > 1:
        found.append(models.Q(*(has("title_folded", word) for word in words[:MOST_WORDS])))
    return reduce(or_, [*found, *map(has_hash, named_hashes(text))])


def named_hashes(text: str) -> list[str]:
    """The info-hashes that a text names, whole and in whatever spelling, or in a magnet link; but not one that
    it is itself to the letter, which `PART_OF_HASH` knows."""
    return sorted(info_hashes.named(text) - {text.strip().lower()})


def has_hash(info_hash: str) -> models.Q:
    """Those of the torrent with this hash. A v2 one may be cut to 40 digits, as trackers have it."""
    return reduce(or_, (has(name, info_hash) for name in HASHES))


def has(column: str, text: str) -> models.Q:
    """Those with this very text in that column."""
    return models.Q(GreaterThan(StrIndex(column, models.Value(text)), 0))
