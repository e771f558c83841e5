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
    """Those with this text in their title, as `fold` compares it; or as a part of an info-hash."""
    value = fold(text)[: KEY_CHARS - 1]
    names = ["title_folded", *(HASHES if PART_OF_HASH.fullmatch(value) else ())]
    return reduce(or_, (has(name, value) for name in names))


def has(column: str, text: str) -> models.Q:
    """Those with this very text in that column."""
    return models.Q(GreaterThan(StrIndex(column, models.Value(text)), 0))
