"""`_headers`: what static hosts that read it (Netlify, Cloudflare Pages) send with each file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from builds.data import browser_policy
from builds.data.records import File

ADDRESS = "/_headers"
FOR_EVER = "public, max-age=31536000, immutable"
"""Of what pages ask for with its digest in the address."""


def file(assets: Iterable[File]) -> File:
    """The file; `assets` are those that pages ask for with their digest."""
    rules = [("/*", browser_policy.HEADERS)]
    rules += [(asset.address, {"Cache-Control": FOR_EVER}) for asset in assets]
    lines = [line for path, headers in rules for line in _rule(path, headers)]
    return File(ADDRESS, "\n".join([*lines, ""]).encode())


def _rule(path: str, headers: Mapping[str, str]) -> Iterator[str]:
    yield path
    yield from (f"  {name}: {value}" for name, value in headers.items())
