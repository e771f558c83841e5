"""What a search finds: resources that are live, the one published last first."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import islice
from operator import or_

from django.conf import settings
from django.db.models import Q

from ghost.torznab import numbering
from ghost.torznab.categories import Numbers
from ghost.torznab.query import Asked
from ghost.torznab.words import Word
from resources.models import Resource, ResourceTag, list_index
from resources.models.queryset import ResourceQuerySet
from resources.states import State
from teams.models import Token

CHUNK = 500
"""Rows that are looked at before it is known whether more are needed."""
_FIELDS = (
    "title", "magnet_uri", "magnet_hash", "tags", "category_id", "dht_status", "became_public_at", "seeds", "peers", "last_dht_check",
    "total_size_bytes", "file_count", "files_tree_summary", "num_peers", "publisher__display_name",
    "torrent_name", "other_hash", "is_private",
)  # fmt: skip


def rows(asked: Asked, token: Token, numbers: Numbers) -> list[Resource]:
    """Those of one page, with the fields that are shown and no others."""
    if asked.is_hopeless or not asked.limit:
        return []
    # Keys alone first: all that decides stands in one index, and the texts beside the rows don't.
    keys = _keys(asked, _matching(asked, token, numbers))
    shown = Resource.objects.select_related("publisher").only(*_FIELDS).in_bulk(keys)
    return [shown[key] for key in keys if key in shown]


def _keys(asked: Asked, matching: ResourceQuerySet[Resource]) -> list[int]:
    end = asked.offset + asked.limit
    if asked.numbering.is_empty and all(word.is_exact for word in asked.words):
        return list(matching.values_list("pk", flat=True)[asked.offset : end])
    # Numbers and seasons are beyond the database: it names what may fit, the newest first.
    titles = matching.values_list("pk", "title_folded", *list_index.HASHES).iterator(CHUNK)
    fits = _test(asked)
    found = (pk for pk, title, *hashes in titles if fits(title, hashes))
    return list(islice(found, asked.offset, end))


def _test(asked: Asked) -> Callable[[str, list[str | None]], bool]:
    """Whether a title and its hashes are what was asked for, as far as the database can't say."""
    checked = [(word, word.pattern) for word in asked.words if not word.is_exact]

    def fits(title: str, hashes: list[str | None]) -> bool:
        return all(
            pattern.search(title) or (word.is_part_of_hash and _is_in(word.text, hashes))
            for word, pattern in checked
        ) and (asked.numbering.is_empty or numbering.of(title).covers(asked.numbering))

    return fits


def _is_in(text: str, hashes: list[str | None]) -> bool:
    return any(text in each for each in hashes if each)


def _matching(asked: Asked, token: Token, numbers: Numbers) -> ResourceQuerySet[Resource]:
    everything = Resource.objects.all()
    scope = everything if settings.GHOST.torznab_all else everything.in_scope(token)
    rows = scope.matching(state=State.LIVE)
    if asked.hashes:
        rows = rows.filter(reduce(or_, map(list_index.has_hash, asked.hashes)))
    for word in asked.words:
        rows = rows.filter(_has(word))
    if asked.categories is not None:
        rows = rows.filter(Q(listed_category__in=numbers.meant_by(asked.categories)))
    for tag in asked.tags:
        rows = rows.filter(_tagged(tag))
    for tag in asked.other_tags:
        rows = rows.filter(~_tagged(tag))
    return rows.order_by(*list_index.by_publication())


def _has(word: Word) -> Q:
    in_title = list_index.has("title_folded", word.clue)
    in_hash = (list_index.has(name, word.text) for name in list_index.HASHES)
    return reduce(or_, in_hash, in_title) if word.is_part_of_hash else in_title


def _tagged(tag: str) -> Q:
    return Q(listed_id__in=ResourceTag.objects.named(tag).values("resource"))
