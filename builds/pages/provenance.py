"""Under which licence a work stands, where it comes from, and its checksums, as its page shows
them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from builds.data.body import Body
from builds.data.entry import Entry

SPDX = "https://spdx.org/licenses/{}.html"
SOURCE_CHARS = 60
"""Of an address, so much is read; the link has all of it."""
ALGORITHMS = {
    "sha256": "SHA-256",
    "sha512": "SHA-512",
    "sha1": "SHA-1",
    "md5": "MD5",
    "blake2b": "BLAKE2b",
    "blake3": "BLAKE3",
}
_WORD = re.compile(r"([\s()]+)")
_UNLISTED = re.compile(r"(AND|OR|WITH|(LicenseRef|DocumentRef|AdditionRef)-.*)", re.IGNORECASE)


def shown(entry: Entry, body: Body) -> dict[str, Any]:
    """The page's params: `licence`, `source`, `checksums`, `sha256`, each only where it is told."""
    found = {
        "licence": licence(entry.licence),
        "source": source(entry.source_url),
        "checksums": checksums(body.checksums),
        "sha256": _of_the_whole(entry, body),
    }
    return {name: value for name, value in found.items() if value}


def licence(expression: str) -> list[dict[str, str]]:
    """An SPDX expression in pieces `{text, url}`: those that the list of licences has, linked."""
    found: list[dict[str, str]] = []
    for text in filter(None, _WORD.split(expression)):
        if _WORD.fullmatch(text) or _UNLISTED.fullmatch(text):
            if found and "url" not in found[-1]:
                found[-1]["text"] += text
            else:
                found.append({"text": text})
        else:
            found.append({"text": text, "url": SPDX.format(text.rstrip("+"))})
    return found


def source(url: str) -> dict[str, str]:
    """Address and what is read of it; empty unless it is one of the web."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return {}
    text = url.partition("://")[2].rstrip("/")
    return {"url": url, "text": _cut(text)}


def _cut(text: str) -> str:
    return text if len(text) <= SOURCE_CHARS else text[: SOURCE_CHARS - 1] + "…"


def checksums(told: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """For each algorithm its lines, as `sha256sum` prints and checks them."""
    lines: dict[str, list[str]] = {}
    for each in told:
        line = "  ".join(filter(None, (each["value"], each.get("file", ""))))
        lines.setdefault(each["algorithm"], []).append(line)
    return [
        {"id": f"sums-{name}", "name": ALGORITHMS.get(name, name), "lines": "\n".join(found)}
        for name, found in lines.items()
    ]


def _of_the_whole(entry: Entry, body: Body) -> str:
    """The SHA-256 of a work of one file; empty if it has more, or nobody told."""
    found = [each["value"] for each in body.checksums if each["algorithm"] == "sha256"]
    return found[0] if len(found) == 1 and entry.file_count == 1 else ""
