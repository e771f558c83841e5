"""The lines of a catalog's file, to be looked at and changed."""

from __future__ import annotations

import json

ALL = 9
"""Resources that `fill` makes."""


def records_in(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def rewrite(path, change):
    """Change the records of a file; those of which nothing is returned are left out."""
    first, *rest = records_in(path)
    kept = [new for each in rest if (new := change(each)) is not None]
    path.write_text("".join(json.dumps(each) + "\n" for each in [first | {"counts": {}}, *kept]))


HEADER = {"format": "ghost-catalog", "version": 1, "counts": {}}
HASH = "ab" * 20
PUBLISHER = {"type": "publisher", "ref": 1, "role": "Publisher", "name": "Ada"}
CATEGORY = {"type": "category", "path": "films", "name": "Films"}
RESOURCE = {
    "type": "resource", "title": "A work", "magnet_uri": f"magnet:?xt=urn:btih:{HASH}",
    "category": "films", "publisher": 1,
}  # fmt: skip
