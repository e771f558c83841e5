"""The page that searches: its record has no results, only what one can choose from."""

from __future__ import annotations

from collections.abc import Mapping

from builds.data import urls
from builds.data.records import Page
from builds.data.taxonomy import Taxonomy

ADDRESS = "/search/"


def page(taxonomy: Taxonomy, counts: Mapping[int, int]) -> Page:
    """With the categories that have resources; `counts` are theirs and their subcategories'."""
    shown = [
        {
            "id": node.id,
            "name": node.name,
            "trail": " / ".join(crumb.name for crumb in node.trail),
            "address": urls.category(node.path),
            "depth": node.depth,
            "count": counts[node.id],
        }
        for node in taxonomy.categories.values()
        if counts.get(node.id)
    ]
    return Page(ADDRESS, "search", "Search", {"categories": shown})
