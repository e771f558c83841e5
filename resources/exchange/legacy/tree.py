"""The earlier Ghost's categories as a tree: it let one be its own ancestor, and any text a slug."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from resources import slugs
from resources.models.category import MAX_DEPTH


@dataclass(frozen=True)
class Node:
    """One category as it stood."""

    parent: int | None
    name: str
    slug: str
    sort_order: int
    created_at: datetime | None
    updated_at: datetime | None


class Tree:
    """All categories of the earlier Ghost, with circles and clashing slugs mended."""

    def __init__(self, nodes: dict[int, Node]) -> None:
        self._nodes = nodes
        self._parents: dict[int, int | None] = {}
        self._mended: dict[int, list[str]] = {key: [] for key in nodes}
        for key in sorted(nodes):
            self._parents[key] = self._parent(key)

    def from_the_roots(self) -> Iterator[tuple[int, Node, str, tuple[str, ...]]]:
        """Each key with its category, path and what had to be changed; parents come first."""
        depths = {key: len(self._above(key)) for key in self._nodes}
        paths: dict[int, str] = {}
        taken: set[str] = set()
        for key in sorted(self._nodes, key=lambda key: (depths[key], key)):
            above = self._above(key)
            if len(above) >= MAX_DEPTH:
                self._mended[key].append(f"It lay deeper than {MAX_DEPTH}: it was moved up.")
                above = above[1 - MAX_DEPTH :]
            prefix = f"{paths[above[0]]}/" if above else ""
            paths[key] = self._free(key, prefix, taken)
            yield key, self._nodes[key], paths[key], tuple(self._mended[key])

    def _parent(self, key: int) -> int | None:
        """Its parent, unless there is none such, or it is the one to begin a ring with."""
        parent = self._nodes[key].parent
        if parent is None:
            return None
        if parent not in self._nodes:
            self._mended[key].append("Its parent is not there: it is a root now.")
            return None
        ring = self._ring(key)
        if ring and key == min(ring):
            self._mended[key].append("It lay below itself: it is a root now.")
            return None
        return parent

    def _ring(self, key: int) -> list[int]:
        """The keys that lead back to this one; none if it leads elsewhere."""
        ring, seen, at = [key], {key}, self._nodes[key].parent
        while at in self._nodes and at not in seen:
            ring.append(at)
            seen.add(at)
            at = self._nodes[at].parent
        return ring if at == key else []

    def _above(self, key: int) -> list[int]:
        """From its parent up to the root."""
        above, at = list[int](), self._parents[key]
        while at is not None:
            above.append(at)
            at = self._parents[at]
        return above

    def _free(self, key: int, prefix: str, taken: set[str]) -> str:
        """Its path, with a number where a sibling has it already."""
        node = self._nodes[key]
        wanted = slugs.make(node.slug or node.name)
        slug, number = wanted if wanted != "page" else "page-1", 1
        while prefix + slug in taken:
            number += 1
            slug = slugs.make(f"{wanted[:180]}-{number}")
        if slug != node.slug:
            self._mended[key].append(f"Its slug is now “{slug}”.")
        taken.add(prefix + slug)
        return prefix + slug
