"""How the terms of a set are shared out to files: a binary trie over their bits in UTF-8.

A node whose terms fit into LIMIT_BYTES is a leaf, which is a file; any other one splits by the
next bit. So which leaves there are depends on the terms alone, not on how they came, and all
terms with one beginning lie below one node. Nodes are named by their bits: `0110`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import accumulate

LIMIT_BYTES = 8192
MAX_DEPTH = 160
"""In bits: names of files stay short. Terms that agree in so many share a file."""
SPLIT, LEAF, EMPTY = "1", "0", "."
Entries = dict[str, str]
"""Postings by term."""


def bits(term: str) -> str:
    """The way to a term; the end of a term is a byte of zeros."""
    return "".join([f"{byte:08b}" for byte in _key(term)])[:MAX_DEPTH]


def size(entries: Mapping[str, str]) -> int:
    """Bytes that they take in a file."""
    return sum(_size(term, postings) for term, postings in entries.items())


def fits(entries: Mapping[str, str], node: str) -> bool:
    """Whether they make one leaf at that node."""
    return len(entries) <= 1 or len(node) >= MAX_DEPTH or size(entries) <= LIMIT_BYTES


def grow(entries: Mapping[str, str], node: str = "") -> dict[str, Entries]:
    """The leaves that hold these terms, all of which lie below `node`."""
    terms = sorted(entries)
    keys = [_key(term) for term in terms]
    ends = list(accumulate((_size(term, entries[term]) for term in terms), initial=0))
    leaves: dict[str, Entries] = {}
    todo = [(node, 0, len(terms))]
    while todo:
        node, first, last = todo.pop()
        if last - first > 1 and len(node) < MAX_DEPTH and ends[last] - ends[first] > LIMIT_BYTES:
            middle = bisect_left(keys, _boundary(node), first, last)
            todo += [(node + "0", first, middle), (node + "1", middle, last)]
        elif first < last:
            leaves[node] = {term: entries[term] for term in terms[first:last]}
    return leaves


def splits(leaves: Iterable[str]) -> set[str]:
    """Every node above these leaves: those that are split."""
    return {leaf[:depth] for leaf in leaves for depth in range(len(leaf))}


def spell(leaves: Iterable[str]) -> str:
    """The whole trie in one line: from the root, each node before those below it."""
    leaves = frozenset(leaves)
    above = splits(leaves)
    marks, todo = [], [""]
    while todo:
        node = todo.pop()
        marks.append(SPLIT if node in above else LEAF if node in leaves else EMPTY)
        if node in above:
            todo += [node + "1", node + "0"]
    return "".join(marks)


def read(spelled: str) -> frozenset[str]:
    """The inverse of `spell`: the leaves."""
    leaves, todo = [], [""]
    for mark in spelled:
        node = todo.pop()
        if mark == SPLIT:
            todo += [node + "1", node + "0"]
        elif mark == LEAF:
            leaves.append(node)
    return frozenset(leaves)


def _key(term: str) -> bytes:
    return term.encode() + b"\0"


def _size(term: str, postings: str) -> int:
    return len(term.encode()) + len(postings) + len('"":"",')


def _boundary(node: str) -> bytes:
    """The least key with the bits of the node and then a one."""
    above = node + "1"
    length = -(-len(above) // 8)
    return int(above.ljust(length * 8, "0"), 2).to_bytes(length, "big")
