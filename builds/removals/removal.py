"""Some resources out of a whole site, or out of the files that a delta brings to one."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from builds.data.records import File
from builds.feeds import atom, jsonfeed, rss, sitemaps
from builds.pages import json_index
from builds.removals import html_cuts, whereabouts
from builds.removals.tree_edits import TreeEdits
from builds.removals.whereabouts import Places, Standing
from builds.search import doc_removal
from builds.search.documents import Doc
from ghost.core.errors import OutageError

INDEX_MANIFEST = "index/manifest.json"
_OWN_PAGE = re.compile(r"(?:^|/)resources/(\d+)/index\.html$")
_PAGE_NUMBER = re.compile(r"(page/\d+/)?index\.html$")
Cut = Callable[[bytes], bytes]

logger = logging.getLogger(__name__)


def take_out(
    site: Path,
    ids: Collection[int],
    places: Places | None = None,
    known: Mapping[int, Doc] | None = None,
) -> TreeEdits:
    """The edits by which a site names none of these resources.

    `places` are list pages where they should be, `known` what the search should hold of them: both
    spare looking for it.
    """
    edits = TreeEdits(site)
    there = whereabouts.standing(edits, ids)
    if not there:
        return edits
    found = whereabouts.on_lists(edits, there, places or {})
    _cut_all(edits, _files(edits, there, found), set(there))
    for each in there.values():
        for path in each.files:
            edits.put(path, None)
    _take_out_of_search(edits, there, known)
    return edits


def take_out_of_delta(new: Path, site: Path, ids: Collection[int], torrents: set[str]) -> TreeEdits:
    """The edits by which what a delta brings to a site (`new`, laid out as that is) names none of
    these resources; `torrents` are their files, as far as they are known."""
    edits, wanted = TreeEdits(new, below=site), set(ids)
    names = sorted(path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file())
    own = {path for pk in wanted for path in whereabouts.own_files(edits, pk)} | torrents
    _cut_all(edits, (name for name in names if name not in own), wanted)
    for path in own.intersection(names):
        edits.put(path, None)
    _take_out_of_search(edits, wanted, None)
    return edits


def names(path: str, body: bytes, ids: Collection[int]) -> bool:
    """Whether a file of a site shows one of these resources, or is its page."""
    if path.startswith("search/"):  # what else names one is no more than numbers
        return "/rows/" in path and doc_removal.has_row(body, ids)
    own = _OWN_PAGE.search(path)
    if own and int(own[1]) in ids:
        return True
    if json_index.is_shard("/" + path):
        return json_index.names(body, ids)
    cut = _cut_of(path, ids)
    return cut is not None and _unless_damaged(path, cut)(body) != body


def _files(
    edits: TreeEdits, there: Mapping[int, Standing], found: Mapping[str, set[int]]
) -> set[str]:
    """All files of others that may name them."""
    lists = {name for each in there.values() for name in each.lists or ()}
    lists |= {_PAGE_NUMBER.sub("", path) for path in found}
    neighbours = {pk for each in there.values() for pk in each.neighbours} - there.keys()
    files = {path for page in found for path in whereabouts.in_languages(page)}
    files |= {path for pk in neighbours for path in whereabouts.pages_of(pk)}
    return files.union(
        whereabouts.feed_files(lists),
        whereabouts.sitemap_files(edits.site),
        whereabouts.shards(edits.site),
    )


def _cut_all(edits: TreeEdits, paths: Iterable[str], ids: Collection[int]) -> None:
    shards: dict[str, tuple[File, int]] = {}
    for path in sorted(paths):
        if json_index.is_shard("/" + path):
            shards |= _cut_shard(edits, path, ids)
        elif cut := _cut_of(path, ids):
            edits.edit(path, _unless_damaged(path, cut))
    if shards:
        edits.edit(
            INDEX_MANIFEST,
            _unless_damaged(INDEX_MANIFEST, lambda body: json_index.manifest_of(body, shards)),
        )


def _cut_of(path: str, ids: Collection[int]) -> Cut | None:
    """What takes them out of a file of this path; None if it names no resource."""
    if path.endswith(".html"):
        return lambda body: html_cuts.without(body, ids)
    if path.startswith("sitemaps/resources-"):
        return lambda body: sitemaps.without(body, ids)
    if not path.startswith("feeds/"):
        return None
    for kind in (rss, atom, jsonfeed):
        if path.endswith(kind.ENDING):
            return lambda body, without=kind.without: without(body, ids)  # type: ignore[misc]  # mypy can't infer a default's type
    return None


def _unless_damaged(path: str, cut: Cut) -> Cut:
    """A file that can't be read is no reason to leave all others as they are: it goes as a whole
    and comes back with the next build."""

    def cut_or_empty(body: bytes) -> bytes:
        try:
            return cut(body)
        except (ValueError, KeyError, TypeError):
            logger.warning("%s is damaged and emptied until the next build", path)
            return b""

    return cut_or_empty


def _cut_shard(edits: TreeEdits, path: str, ids: Collection[int]) -> dict[str, tuple[File, int]]:
    """A shard by its name, with how many items it has left, if it named one of them."""
    left = 0

    def cut(body: bytes) -> bytes:
        nonlocal left
        if not json_index.names(body, ids):  # a look is far cheaper than reading it
            return body
        body, left = json_index.without(body, ids)
        return body

    if not edits.edit(path, _unless_damaged(path, cut)):
        return {}
    return {path.removeprefix("index/"): (File("/" + path, edits.read(path) or b""), left)}


def _take_out_of_search(
    edits: TreeEdits, ids: Collection[int], known: Mapping[int, Doc] | None
) -> None:
    try:
        files, removed = doc_removal.remove(ids, lambda address: edits.read(address[1:]), known)
    except OutageError as error:
        logger.warning("the search index is damaged: %s", error)
        for path in doc_removal.rows_files(ids):
            edits.put(path, json.dumps([]).encode())
        return
    for file in files:
        edits.put(file.address[1:], file.body)
    for address in removed:
        edits.put(address[1:], None)
