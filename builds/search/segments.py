"""A segment: the resources of SEGMENT_IDS neighbouring ids, indexed apart from all others.

`build` makes its files from all of its resources; builds/search/segment_patch.py makes those that a
few edits change.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from builds.data.records import File
from builds.search import trie
from builds.search.documents import Doc
from builds.search.postings import MAX_STEP, encode

SEGMENT_IDS = MAX_STEP
BLOCK_IDS = 10
SETS = ("words", "names", "hashes")
NO_SIZE = "  "
"""What stands in the column of sizes for an id that is not there."""
VERSION_BYTES = 8
VERSIONS = 1 << 8 * VERSION_BYTES

Row = Sequence[Any]


@dataclass(frozen=True)
class Segment:
    """What the manifest says of it: its version (a sum over its files), how many resources each
    year has, and the leaves of each set."""

    number: int
    version: int = 0
    years: dict[str, int] = field(default_factory=dict)
    leaves: dict[str, frozenset[str]] = field(
        default_factory=lambda: dict.fromkeys(SETS, frozenset())
    )


@dataclass
class SegmentChange:
    """What became of a segment (None: it is empty now), and the files to write and to remove."""

    segment: Segment | None
    files: list[File]
    removed: list[str] = field(default_factory=list)


def number_of(resource_id: int) -> int:
    """The segment that a resource belongs to."""
    return resource_id // SEGMENT_IDS


def build(number: int, docs: Iterable[Doc]) -> SegmentChange:
    """All files of a segment from all of its resources, in ascending order of ids."""
    postings: dict[str, defaultdict[str, list[int]]] = {name: defaultdict(list) for name in SETS}
    blocks: defaultdict[int, list[Row]] = defaultdict(list)
    sizes: dict[int, str] = {}
    years: Counter[str] = Counter()
    for doc in docs:
        place = local(doc.id, number)
        for name in SETS:
            listed = postings[name]
            for term in getattr(doc, name):
                listed[term].append(place)
        blocks[place // BLOCK_IDS].append(doc.row)
        sizes[place] = doc.size
        years[doc.year] += 1
    if not sizes:
        return SegmentChange(None, [])
    bodies = {rows_address(number, block): json_bytes(rows) for block, rows in blocks.items()}
    bodies[sizes_address(number)] = json_bytes(column(sizes))
    leaves = {}
    for name in SETS:
        grown = trie.grow({term: encode(listed) for term, listed in postings.pop(name).items()})
        leaves[name] = frozenset(grown)
        for leaf, entries in grown.items():
            bodies[leaf_address(number, name, leaf)] = json_bytes(entries)
    version = sum(weight(*item) for item in bodies.items()) % VERSIONS
    segment = Segment(number, version, dict(sorted(years.items())), leaves)
    return SegmentChange(segment, [File(*item) for item in bodies.items()])


def leaf_address(number: int, name: str, leaf: str) -> str:
    """The file of one leaf of a set."""
    return f"/search/{number}/{name}/t{leaf}.json"


def rows_address(number: int, block: int) -> str:
    """The file of one block of rows."""
    return f"/search/{number}/rows/{block}.json"


def sizes_address(number: int) -> str:
    """The file of the column of sizes."""
    return f"/search/{number}/sizes.json"


def local(resource_id: int, number: int) -> int:
    """Its place in the segment; ValueError if it belongs to another one."""
    place = resource_id - number * SEGMENT_IDS
    if not 0 <= place < SEGMENT_IDS:
        raise ValueError(f"resource {resource_id} is not in segment {number}")
    return place


def json_bytes(plain: object) -> bytes:
    """In one spelling. What UTF-8 can't hold (halves of surrogate pairs) becomes `?`."""
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def column(sizes: Mapping[int, str]) -> str:
    """Two characters for each local number up to the last one."""
    return "".join([sizes.get(place, NO_SIZE) for place in range(max(sizes, default=-1) + 1)])


def weight(address: str, body: bytes) -> int:
    """What a file adds to the version of its segment, so that a patch needn't read the others."""
    digest = hashlib.blake2b(address.encode() + b"\0" + body, digest_size=VERSION_BYTES)
    return int.from_bytes(digest.digest(), "big")
