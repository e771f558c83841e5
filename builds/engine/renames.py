"""What a new name, address or place in the tree of a category, publisher or team makes due."""

from __future__ import annotations

from collections.abc import Iterable

from builds.data.taxonomy import Taxonomy
from builds.listings.pagination import Kind, ListingKey, Pagination
from builds.models import Due, ListingEntry


def renamed_listings(before: Taxonomy, after: Taxonomy) -> set[ListingKey]:
    """Listings whose entries show another name, address or place in the tree."""
    renamed: set[ListingKey] = set()
    for kind, old, new in (
        (Kind.CATEGORY, _shown(before), _shown(after)),
        (Kind.PUBLISHER, before.publishers, after.publishers),
        (Kind.TEAM, before.teams, after.teams),
    ):
        both = old.keys() | new.keys()
        renamed |= {(kind, str(pk)) for pk in both if old.get(pk) != new.get(pk)}
    return renamed


def entries_in(keys: Iterable[ListingKey]) -> set[int]:
    """Ids of the entries of these listings."""
    ids: set[int] = set()
    for kind, key in keys:
        rows = ListingEntry.objects.filter(page__listing__kind=kind, page__listing__key=key)
        ids |= set(rows.values_list("entry_id", flat=True))
    return ids


def mark(before: Taxonomy, after: Taxonomy, renamed: set[ListingKey]) -> bool:
    """Make due what shows the names themselves; whether there is anything."""
    if before == after:
        return False
    pagination = Pagination(after)
    pagination.align_categories()
    for key in renamed:
        pagination.mark_listing(key)
    _mark_parents(pagination, before, after)
    Due.objects.add(dict.fromkeys([*sorted(pagination.save()), "site"]))
    return True


def _mark_parents(pagination: Pagination, before: Taxonomy, after: Taxonomy) -> None:
    """A category's bare page names its children, in their order."""
    for pk in before.categories.keys() | after.categories.keys():
        old, new = before.categories.get(pk), after.categories.get(pk)
        for node in (old, new) if old != new else ():
            if node and node.parent_id:
                pagination.mark_bare_page((Kind.CATEGORY, str(node.parent_id)))


def _shown(taxonomy: Taxonomy) -> dict[int, tuple[object, ...]]:
    return {pk: (node.trail, node.chain) for pk, node in taxonomy.categories.items()}
