"""Whether a rendered site is whole: the last gate before it is published."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from builds import addresses
from ghost.errors import OutageError

SHOWN = 5
# Real tags only: what publishers write stands in text, where `<` is escaped, or in quotes.
_TAG = re.compile(r"""<([a-z][\w-]*)\s((?:[^>"']+|"[^"]*"|'[^']*')*)>""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""")
_ADDRESSES = {"href", "src"}
_UNSAFE = "#ZgotmplZ"  # html/template's mark where it refused an address


def check(site: Path, pages: Iterable[str], files: Iterable[str], set_aside: Iterable[str]) -> int:
    """How many files the site has, all of them those that the records ask for, with no broken
    link among them; OutageError names the first few that are wrong."""
    absent = {addresses.file_of(address) for address in set_aside}
    wanted = {
        language.path + addresses.file_of(page)
        for language in addresses.languages()
        for page in pages
    } | {addresses.file_of(file) for file in files}
    there = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    _require("missing", sorted(wanted - absent - there))
    _require("not asked for", sorted(there - (wanted - absent)))
    _require("broken", _broken(site, sorted(there), wanted))
    return len(there)


def _require(what: str, wrong: Iterable[str]) -> None:
    named = list(wrong)
    if named:
        raise OutageError(f"{len(named)} {what}: " + "; ".join(named[:SHOWN]))


def _broken(site: Path, there: list[str], wanted: set[str]) -> list[str]:
    """Links from pages to nowhere. A page that was set aside may be linked to: it is a 404."""
    known: dict[str, bool] = {}
    wrong = []
    for name in there:
        if not name.endswith(".html"):
            continue
        for link in links((site / name).read_text(encoding="utf-8")):
            if link not in known:
                known[link] = _leads_somewhere(link, wanted)
            if not known[link]:
                wrong.append(f"{name} → {link}")
    return wrong


def links(html: str) -> Iterator[str]:
    """Every address of this site in a page, and the mark where a template refused one."""
    origin = addresses.origin()
    for tag in _TAG.finditer(html):
        # Only the templates write <link>; a publisher's link to this very host may be dead.
        own = origin if tag[1].lower() == "link" else ""
        for name, written in _ATTRIBUTE.findall(tag[2]):
            if name.lower() in _ADDRESSES and (value := _ours(written, own)) is not None:
                yield value


@lru_cache(maxsize=100_000)
def _ours(written: str, origin: str) -> str | None:
    """The address, if it should lead to a file of this site."""
    value = unescape(written.strip("\"'"))
    if value == _UNSAFE or (origin and value.startswith(origin + "/")):
        return value
    leaves = value.startswith(("#", "//")) or bool(urlsplit(value).scheme)
    return None if leaves else value


def _leads_somewhere(link: str, wanted: set[str]) -> bool:
    path = unquote(urlsplit(link.removeprefix(addresses.origin())).path)
    root = addresses.root()
    return path.startswith(root) and addresses.file_of(path[len(root) :]) in wanted
