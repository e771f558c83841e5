"""`/search/manifest.json`: which segments there are, and where their terms lie."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from builds import reasons
from builds.data.records import File
from builds.search import trie
from builds.search.segments import BLOCK_IDS, SEGMENT_IDS, SETS, Segment, json_bytes
from ghost.core.errors import OutageError

ADDRESS = "/search/manifest.json"
FORMAT = 2


def file(segments: Iterable[Segment]) -> File:
    """The manifest of these segments, newest first."""
    newest_first = sorted(segments, key=lambda segment: -segment.number)
    plain = {
        "format": FORMAT,
        "segment_ids": SEGMENT_IDS,
        "block_ids": BLOCK_IDS,
        "segments": [
            {
                "number": segment.number,
                "version": f"{segment.version:016x}",
                "years": segment.years,
                **{name: trie.spell(segment.leaves[name]) for name in SETS},
            }
            for segment in newest_first
        ],
    }
    return File(ADDRESS, json_bytes(plain))


def read(body: bytes | None) -> dict[int, Segment]:
    """The inverse of `file`, by number; OutageError if it is missing, damaged or of another format."""
    try:
        plain = json.loads(body or b"")
        sizes = plain["format"], plain["segment_ids"], plain["block_ids"]
        if sizes != (FORMAT, SEGMENT_IDS, BLOCK_IDS):
            raise ValueError("another format")
        return {row["number"]: _segment(row) for row in plain["segments"]}
    except (ValueError, KeyError, TypeError):
        raise OutageError(reasons.MANIFEST_DAMAGED(name=ADDRESS)) from None


def _segment(row: dict[str, Any]) -> Segment:
    return Segment(
        number=row["number"],
        version=int(row["version"], 16),
        years=row["years"],
        leaves={name: trie.read(row[name]) for name in SETS},
    )
