"""What a search finds: resources that are live, the one published last first."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from operator import or_

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from dht.models import HealthSample
from ghost.torznab.categories import Numbers
from ghost.torznab.query import Asked
from resources.models import Resource, ResourceTag, list_index
from resources.models.queryset import ResourceQuerySet
from resources.states import DhtStatus, State
from teams.models import Token

SEEDS_KEPT = timedelta(days=7)
"""What a tracker said before then tells nothing of now."""
_FIELDS = (
    "title", "magnet_uri", "magnet_hash", "tags", "category_id", "dht_status", "became_public_at",
    "total_size_bytes", "file_count", "files_tree_summary", "num_peers", "publisher__display_name",
)  # fmt: skip


def rows(asked: Asked, token: Token, numbers: Numbers) -> list[Resource]:
    """Those of one page, with the fields that are shown and no others."""
    if asked.is_hopeless or not asked.limit:
        return []
    # Keys alone first: all that decides stands in one index, and the texts beside the rows don't.
    part = slice(asked.offset, asked.offset + asked.limit)
    keys = list(_matching(asked, token, numbers).values_list("pk", flat=True)[part])
    shown = Resource.objects.select_related("publisher").only(*_FIELDS).in_bulk(keys)
    return [shown[key] for key in keys if key in shown]


def _matching(asked: Asked, token: Token, numbers: Numbers) -> ResourceQuerySet[Resource]:
    everything = Resource.objects.all()
    scope = everything if settings.GHOST.torznab_all else everything.in_scope(token)
    rows = scope.matching(state=State.LIVE)
    for word in asked.words:
        rows = rows.filter(list_index.has_text(word))
    if asked.episodes:
        rows = rows.filter(reduce(or_, map(list_index.has_text, asked.episodes)))
    if asked.categories is not None:
        rows = rows.filter(Q(listed_category__in=numbers.meant_by(asked.categories)))
    for tag in asked.tags:
        rows = rows.filter(_tagged(tag))
    for tag in asked.other_tags:
        rows = rows.filter(~_tagged(tag))
    return rows.order_by(*list_index.by_publication())


def _tagged(tag: str) -> Q:
    return Q(listed_id__in=ResourceTag.objects.named(tag).values("resource"))


def seeds(rows: list[Resource]) -> dict[int, int]:
    """How many seeds each has, as far as anybody told; nobody is left of a stale one."""
    lately = HealthSample.objects.filter(
        resource__in=rows, num_seeds__isnull=False, checked_at__gt=timezone.now() - SEEDS_KEPT
    )
    told = lately.order_by("checked_at").values_list("resource_id", "num_seeds")
    known = {key: count for key, count in told if count is not None}
    return known | {row.pk: 0 for row in rows if row.dht_status == DhtStatus.STALE}
