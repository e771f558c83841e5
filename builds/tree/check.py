"""Whether a rendered site is whole: the last check before it is published."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from builds import reasons
from builds.data import urls
from builds.run import Progress
from ghost.core.errors import OutageError
from ghost.core.text.reasons import ReasonCode

SHOWN = 5
# Real tags only: what publishers write stands in text, where `<` is escaped, or in quotes.
_TAG = re.compile(r"""<([a-z][\w-]*)\s((?:[^>"']+|"[^"]*"|'[^']*')*)>""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""")
_ADDRESSES = {"action", "href", "src"}
# All that could be an address, and some more: quick, since most pages have good ones only.
_LIKELY = re.compile(rb"""(?:href|src)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""")
_UNSAFE = "#ZgotmplZ"  # html/template's mark where it refused an address


class MismatchError(OutageError):
    """The site is not what the tables say. After a delta, a full build may mend it."""


def require_files(site: Path, wanted: set[str]) -> dict[str, int]:
    """Sizes of all files of a site, by path; MismatchError unless these are exactly the wanted
    ones. Like the others here, it names the first few that are wrong."""
    sizes = dict(_walk(site))
    _require(reasons.FILES_MISSING, sorted(wanted - sizes.keys()))
    _require(reasons.FILES_UNEXPECTED, sorted(sizes.keys() - wanted))
    return sizes


def require_links(
    site: Path, sizes: Mapping[str, int], absent: set[str], progress: Progress
) -> None:
    """MismatchError if a link of a site leads nowhere. `sizes` has its files; pages may link to
    those in `absent` too, which could not be rendered."""
    pages = [path for path in sizes if path.endswith(".html")]

    def leads(file: str) -> bool:
        return file in sizes or file in absent

    _require(reasons.LINKS_BROKEN, _broken(site, pages, leads, progress))


def require_patch(
    new: Path, site: Path, wanted: Iterable[str], removed: Iterable[str], absent: set[str]
) -> None:
    """The same of what a patch, whose files lie in `new`, brings to a site and takes from it."""
    there, gone = {path for path, _ in _walk(new)}, set(removed)
    _require(reasons.FILES_MISSING, sorted(set(wanted) - there))
    _require(reasons.FILES_UNEXPECTED, sorted(there - set(wanted)))

    def leads(file: str) -> bool:
        stays = file not in gone and (site / file).is_file()
        return file in there or stays or file in absent

    pages = [path for path in sorted(there) if path.endswith(".html")]
    _require(reasons.LINKS_BROKEN, _broken(new, pages, leads, Progress()))


def _walk(folder: Path) -> Iterator[tuple[str, int]]:
    start = len(str(folder)) + 1
    for where, _, names in os.walk(folder):
        for name in names:
            path = f"{where}/{name}"  # a Path for each would cost seconds
            yield path[start:], os.stat(path).st_size  # noqa: PTH116  # as above


def _require(what: ReasonCode, wrong: Iterable[str]) -> None:
    named = list(wrong)
    if named:
        raise MismatchError(what(number=len(named), names="; ".join(named[:SHOWN])))


def _broken(
    site: Path, pages: Sequence[str], leads: Callable[[str], bool], progress: Progress
) -> list[str]:
    """Links from pages to nowhere, as `page → link`."""
    good: set[bytes] = set()
    wrong = []
    for number, name in enumerate(pages):
        progress.report_item(number, len(pages))
        html = Path(f"{site}/{name}").read_bytes()
        suspects = {value for value in _LIKELY.findall(html) if value not in good}
        bad = {value for value in suspects if not _passes(value, leads)}
        good |= suspects - bad
        if bad:  # a text may say `href="x"`: only a look at the tags can tell
            found = dict.fromkeys(links(html.decode()))
            wrong += [f"{name} → {link}" for link in found if not _leads_somewhere(link, leads)]
    return wrong


def _passes(written: bytes, leads: Callable[[str], bool]) -> bool:
    value = _ours(written.decode(errors="replace"), urls.origin())
    return value is None or _leads_somewhere(value, leads)


def links(html: str) -> Iterator[str]:
    """Every address of this site in a page, and the mark where a template refused one."""
    origin = urls.origin()
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


def _leads_somewhere(link: str, leads: Callable[[str], bool]) -> bool:
    path = unquote(urlsplit(link.removeprefix(urls.origin())).path)
    root = urls.root()
    return path.startswith(root) and leads(urls.file_of(path[len(root) :]))
