"""How lists of resources are found: by one walk down one narrow index, newest first.

The index holds whatever a list can be narrowed by, so every combination of filters costs the same:
a page that is full ends the walk, and one that finds nothing has read 200 bytes for each resource,
not its texts. An index for each filter would serve some combinations better and others far worse:
a large category with no match in it means reading each of its rows. See docs/decisions/0016.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

from django.db import models
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from ghost.core.text.unicode import folded

Found = TypeVar("Found", bound=models.QuerySet[Any])

HASHES = ("magnet_hash", "magnet_hash_v2", "other_hash")
INDEX = models.Index(
    fields=[
        "id", "title_folded", *HASHES, "category", "publisher", "team", "dht_status",
        "probe_status", "takedown_at", "published_at", "probed_at", "awaits_review", "updated_at",
    ],
    name="resources_walk",
)  # fmt: skip
_PART_OF_HASH = re.compile("[0-9a-f]{6,64}")
"""Shorter ones are in the hashes of too many."""


class _Unindexed(models.Func):
    """A column as it is, but SQLite seeks no index for it (sqlite.org/optoverview.html, 2.1).

    It knows nothing of how values are spread, and would take any index of one filter for a good
    one. PostgreSQL keeps count, and chooses for itself.
    """

    template = "%(expressions)s"
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:  # noqa: ANN401  # Django's
        return self.as_sql(compiler, connection, template="+%(expressions)s", **context)


def walked(rows: Found) -> Found:
    """The same set, to be found by the walk."""
    found = rows.all()
    columns = [field.cached_col for field in rows.model._meta.concrete_fields]
    hidden = {col: _Unindexed(col, output_field=col.output_field) for col in columns}
    found.query.where = found.query.where.replace_expressions(hidden)
    return found


def by_publication(rows: Found) -> Found:
    """The same set, what was published last first; sorted, so that no other index is taken."""
    return rows.order_by(_Unindexed("published_at").desc(), "-pk")


def holding(q: str) -> models.Q:
    """Those with this text in their title, in any case; or as a part of an info-hash."""
    text = models.Value(folded(q))
    names = ["title_folded", *(HASHES if _PART_OF_HASH.fullmatch(text.value) else ())]
    conditions = [models.Q(GreaterThan(StrIndex(name, text), 0)) for name in names]
    return models.Q(*conditions, _connector=models.Q.OR)
