"""Which blocked hashes which resources name, as far as the public may not see them."""

from __future__ import annotations

from collections.abc import Collection

from builds.removals.removal import Masked
from ghost.core.batches import batched
from resources.models import Block, Resource, TextHash
from resources.models.fields import HASHES
from resources.models.queryset import BATCH


def of(ids: Collection[int]) -> Masked:
    """By resource. Also in a text that it has no more, since the site may still show that; not what
    a public resource is known by, which shows it itself: no takedown blocked that."""
    blocked = Block.objects.values("info_hash")
    found = TextHash.objects.of(ids, blocked)
    listed = _listed({each for hashes in found.values() for each in hashes})
    return {pk: left for pk, hashes in found.items() if (left := frozenset(hashes - listed))}


def _listed(hashes: Collection[str]) -> set[str]:
    found = set[str]()
    for part in batched(sorted(hashes), BATCH):
        for row in Resource.objects.public().twins_of(*part).only(*HASHES):
            found.update(row.hashes)
    return found
