"""Edits of one set of terms: which leaves change, so that it stands as if grown anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from builds import reasons
from builds.search import trie
from builds.search.postings import edited
from builds.search.trie import Entries
from ghost.core.errors import OutageError

Changes = Mapping[str, Mapping[int, bool]]
"""By term: local numbers that it gets (True) or loses."""
Load = Callable[[str], Entries]
"""What a leaf holds, as a dictionary of the caller's own."""


class Edited(NamedTuple):
    """The leaves that were read and are to be replaced, and what replaces them."""

    old: set[str]
    new: dict[str, Entries]


def edit(leaves: frozenset[str], changes: Changes, load: Load) -> Edited:
    """OutageError if the terms are not where the changes expect them."""
    return _Edit(leaves, load).run(changes)


class _Edit:
    """`slots` are what was touched: leaves, or places where there was none yet."""

    def __init__(self, leaves: frozenset[str], load: Load) -> None:
        self._leaves = leaves
        self._load = load
        self._above = trie.splits(leaves)
        self._old: set[str] = set()
        self._slots: dict[str, Entries] = {}

    def run(self, changes: Changes) -> Edited:
        shrunk = [slot for slot, terms in self._slots_of(changes) if self._apply(slot, terms)]
        for slot in shrunk:
            self._merge(slot)
        new: dict[str, Entries] = {}
        for slot, entries in self._slots.items():
            new |= trie.grow(entries, slot)
        return Edited(self._old, new)

    def _slots_of(self, changes: Changes) -> Iterable[tuple[str, Changes]]:
        """The changes by the slot that they concern."""
        found: defaultdict[str, dict[str, Mapping[int, bool]]] = defaultdict(dict)
        for term, change in changes.items():
            way, depth = trie.bits(term), 0
            while way[:depth] in self._above:
                depth += 1
            found[way[:depth]][term] = change
        return found.items()

    def _apply(self, slot: str, changes: Changes) -> bool:
        """Whether it became smaller."""
        entries = self._held(slot)
        old = {term: entries.pop(term, "") for term in changes}
        new = {term: _edited(term, old[term], change) for term, change in changes.items()}
        entries |= {term: postings for term, postings in new.items() if postings}
        self._slots[slot] = entries
        if slot in self._leaves:
            self._old.add(slot)
        return "" in new.values() or sum(map(len, new.values())) < sum(map(len, old.values()))

    def _merge(self, slot: str) -> None:
        """With its neighbour, as long as both make one leaf."""
        while slot and slot in self._slots:
            parent = slot[:-1]
            sibling = parent + ("1" if slot.endswith("0") else "0")
            if sibling in self._above or not trie.fits(self._slots[slot], slot):
                return
            both = self._slots[slot] | self._held(sibling)
            if not trie.fits(both, parent):
                return
            self._old |= {sibling} & self._leaves
            self._slots.pop(sibling, None)
            del self._slots[slot]
            self._above.remove(parent)
            self._slots[parent] = both
            slot = parent

    def _held(self, slot: str) -> Entries:
        if slot in self._slots:
            return self._slots[slot]
        return self._load(slot) if slot in self._leaves else {}


def _edited(term: str, postings: str, changes: Mapping[int, bool]) -> str:
    try:
        return edited(postings, changes)
    except (ValueError, KeyError):
        raise OutageError(reasons.INDEX_DISAGREES(term=term)) from None
