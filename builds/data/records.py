"""What the public site is made of: every output file is one record with an address and a digest.

A page is rendered by Hugo, a file is written as it is. See docs/records.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

DIGEST_BYTES = 16


@dataclass(frozen=True)
class Page:
    """A page of one layout; `params` are plain JSON values, `rows` a list's rows, encoded."""

    address: str
    layout: str
    title: str
    params: dict[str, Any] = field(default_factory=dict)
    rows: Sequence[bytes] | None = None

    @cached_property
    def json(self) -> bytes:
        """The record in one spelling: what Hugo reads, and what the digest is taken of."""
        plain = {
            "address": self.address,
            "layout": self.layout,
            "title": self.title,
            "params": self.params,
        }
        # ASCII, since names from torrents may hold halves of surrogate pairs.
        body = json.dumps(plain, sort_keys=True, separators=(",", ":")).encode("ascii")
        if self.rows is None:
            return body
        return body[:-1] + b',"rows":[' + b",".join(self.rows) + b"]}"

    @property
    def size(self) -> int:
        """Bytes of the record as Hugo gets it, not of the page."""
        return len(self.json)

    @cached_property
    def digest(self) -> str:
        """Hex digest of the record."""
        return digest(self.json)


@dataclass(frozen=True)
class File:
    """A file that is published as it is, once for all languages."""

    address: str
    body: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """Length of the body in bytes, as the file will have on the disk."""
        return len(self.body)

    @cached_property
    def digest(self) -> str:
        """Hex SHA-256 of its bytes: what `index/manifest.json` tells of a shard."""
        return hashlib.sha256(self.body).hexdigest()


Record = Page | File


def digest(body: bytes) -> str:
    """BLAKE2b, long enough that no two differing records meet."""
    return hashlib.blake2b(body, digest_size=DIGEST_BYTES).hexdigest()
