"""What deployments owe to takedowns: deletions that need nobody's leave, and what of a deployment
that waits for an operator goes out nevertheless."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from django.db import models

from builds.data import urls
from builds.removals import masks, removal
from builds.tree import patches, releases
from builds.tree.patches import TreeChanges
from ghost.core.batches import QUERY_KEYS, batched
from ghost.core.catalog.models import Removal
from resources.models import Block, Resource

_PAGE = re.compile(r"resources/(\d+)/index\.html")
_COVER = re.compile(r"assets/covers/(\d+)(?:-thumb)?\.webp")
_TORRENT = re.compile(r"torrents/([0-9a-f]+)\.torrent")
SEARCH = "search/"


def own_files(paths: Collection[str]) -> set[str]:
    """Those of these paths that are files of resources that were taken down: pages, covers and
    `.torrent` files."""
    by_id = {path: pk for path in paths if (pk := _resource_of(path)) is not None}
    by_hash = {path: match[1] for path in paths if (match := _TORRENT.fullmatch(path))}
    ids, hashes = _taken_down(by_id.values()), _blocked(by_hash.values())
    found = {path for path, pk in by_id.items() if pk in ids}
    return found | {path for path, info_hash in by_hash.items() if info_hash in hashes}


def part_of(site: Path, changes: TreeChanges | None, token: str) -> TreeChanges:
    """Of the changes since the state `token`, which a target holds: the files that name a resource
    that was taken down as the target has them, to be replaced or deleted. `site` is the present."""
    naming = _naming(token) if token else set[str]()
    if any(path.startswith(SEARCH) for path in naming):  # the index is one whole
        naming |= {path for path in (changes.files if changes else ()) if path.startswith(SEARCH)}
    if any(path.startswith("index/") for path in naming):
        naming.add(removal.INDEX_MANIFEST)
    there = {path for path in naming if (site / path).is_file()}
    return TreeChanges(there, naming - there)


def _naming(token: str) -> set[str]:
    """Files that named one of them in that state, as far as a release knows it."""
    ids = _taken_down(set(_removals().values_list("resource_id", flat=True)))
    mentions = Removal.objects.filter(kind=Removal.Kind.MENTION)
    masked = masks.of(set(mentions.values_list("resource_id", flat=True)) - ids)
    for folder in reversed(releases.complete()):
        old = patches.replaced_since(folder, token)
        if old is not None:
            naming = {
                path
                for path, file in old.items()
                if removal.names(path, file.read_bytes(), ids, masked)
            }
            edits = removal.take_out(folder / "site", ids, masked=masked)
            return naming.union(edits.written, edits.removed)
    return set()


def _resource_of(path: str) -> int | None:
    bare = urls.without_language("/" + path)[0][1:]
    match = _PAGE.fullmatch(bare) or _COVER.fullmatch(path)
    return int(match[1]) if match else None


def _taken_down(ids: Iterable[int]) -> set[int]:
    """Those that were taken down, and are not public again; they may be deleted since."""
    found = set[int]()
    for part in batched(sorted(set(ids)), QUERY_KEYS):
        removed = _removals().filter(resource_id__in=part)
        found.update(removed.values_list("resource_id", flat=True))
        public = Resource.objects.public().filter(pk__in=part)
        found.difference_update(public.values_list("pk", flat=True))
    return found


def _removals() -> models.QuerySet[Removal]:
    """A withdrawal is a deletion like others, of which an operator may have to be asked."""
    return Removal.objects.filter(kind=Removal.Kind.TAKEDOWN)


def _blocked(hashes: Iterable[str]) -> set[str]:
    found = set[str]()
    for part in batched(sorted(set(hashes)), QUERY_KEYS):
        blocks = Block.objects.of_takedowns().covering(*part)
        found.update(blocks.values_list("info_hash", flat=True))
    return found
