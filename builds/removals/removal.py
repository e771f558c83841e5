"""Some resources, or hashes that they name, out of a whole site, or out of the files that a delta
brings to one."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from builds.data.records import File
from builds.feeds import atom, jsonfeed, rss, sitemaps
from builds.pages import json_index
from builds.removals import hash_cuts, html_cuts, whereabouts
from builds.removals.tree_edits import TreeEdits
from builds.removals.whereabouts import Places, Standing
from builds.search import doc_removal
from builds.search.documents import Doc
from ghost.core.errors import OutageError

INDEX_MANIFEST = "index/manifest.json"
_OWN_PAGE = re.compile(r"(?:^|/)resources/(\d+)/index\.html$")
_PAGE_NUMBER = re.compile(r"(page/\d+/)?index\.html$")
Cut = Callable[[bytes], bytes]
Masked = Mapping[int, frozenset[str]]
"""By resource: hashes that it may not show any more."""
NO_HASHES: Masked = {}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """What is to be cut out of a site: resources that go, and hashes of those that stay."""

    gone: Collection[int]
    masked: Masked

    @cached_property
    def hashes(self) -> frozenset[str]:
        """Of all of them."""
        return frozenset[str]().union(*self.masked.values())

    @cached_property
    def all(self) -> set[int]:
        """Keys of both."""
        return {*self.gone, *self.masked}

    def cut_of(self, path: str) -> Cut | None:
        """What takes them out of a file of this path; None if it names no resource."""
        cut = _cut_of(path, self.gone)
        if cut is None or not self.hashes:
            return cut
        return lambda body: hash_cuts.without(cut(body), self.hashes)

    def torrents(self, edits: TreeEdits, paths: Iterable[str]) -> list[str]:
        """Those of these files that are `.torrent` files with such a hash: no byte of one can be
        another."""
        found = (path for path in paths if path.startswith("torrents/")) if self.hashes else ()
        return [p for p in found if hash_cuts.is_named(edits.read(p) or b"", self.hashes)]


def take_out(
    site: Path,
    ids: Collection[int],
    places: Places | None = None,
    known: Mapping[int, Doc] | None = None,
    masked: Masked = NO_HASHES,
) -> TreeEdits:
    """The edits by which a site names none of these resources, nor shows those `masked` with hashes
    that are blocked.

    `places` are list pages where they should be, `known` what the search should hold of them: both
    spare looking for it.
    """
    edits = TreeEdits(site)
    there = whereabouts.standing(edits, {*ids, *masked})
    if not there:
        return edits
    gone = {*ids, *_hiding(edits, masked)}
    found = whereabouts.on_lists(edits, there, places or {})
    wanted = Wanted(gone.intersection(there), masked)
    _cut_all(edits, _files(edits, there, found, gone), wanted)
    for pk, each in there.items():
        for path in each.files if pk in gone else wanted.torrents(edits, each.files):
            edits.put(path, None)
    _take_out_of_search(edits, set(there), known)
    edits.taken_out = gone
    return edits


def take_out_of_delta(
    new: Path,
    site: Path,
    ids: Collection[int],
    torrents: set[str],
    masked: Masked = NO_HASHES,
) -> TreeEdits:
    """The same of what a delta brings to a site (`new`, laid out as that is); `torrents` are the
    files of `ids`, as far as they are known."""
    edits = TreeEdits(new, below=site)
    gone = {*ids, *_hiding(edits, masked)}
    names = sorted(path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file())
    own = {path for pk in gone for path in whereabouts.own_files(edits, pk)} | torrents
    wanted = Wanted(gone, masked)
    _cut_all(edits, (name for name in names if name not in own), wanted)
    for path in own.intersection(names).union(wanted.torrents(edits, names)):
        edits.put(path, None)
    _take_out_of_search(edits, gone.union(masked), None)
    edits.taken_out = gone
    return edits


def _hiding(edits: TreeEdits, masked: Masked) -> Iterator[int]:
    """Resources whose page hides a hash so well that it can't be cut out of it: they go as a whole,
    until they are made anew."""
    for pk, hashes in masked.items():
        bodies = filter(None, map(edits.read, whereabouts.pages_of(pk)))
        if any(hash_cuts.is_left(hash_cuts.without(body, hashes), hashes) for body in bodies):
            yield pk


def names(path: str, body: bytes, ids: Collection[int], masked: Masked = NO_HASHES) -> bool:
    """Whether a file of a site shows one of these resources, or is its page; or has one of the
    hashes that `masked` may not show."""
    if hash_cuts.is_named(body, frozenset[str]().union(*masked.values())):
        return True
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
    edits: TreeEdits,
    there: Mapping[int, Standing],
    found: Mapping[str, set[int]],
    gone: Collection[int],
) -> set[str]:
    """All files that may name them, but the own ones of those that are gone."""
    lists = {name for each in there.values() for name in each.lists or ()}
    lists |= {_PAGE_NUMBER.sub("", path) for path in found}
    neighbours = {pk for each in there.values() for pk in each.neighbours}.union(there)
    files = {path for page in found for path in whereabouts.in_languages(page)}
    files |= {path for pk in neighbours.difference(gone) for path in whereabouts.pages_of(pk)}
    return files.union(
        whereabouts.feed_files(edits.site, lists),
        whereabouts.sitemap_files(edits.site),
        whereabouts.shards(edits.site),
    )


def _cut_all(edits: TreeEdits, paths: Iterable[str], wanted: Wanted) -> None:
    shards: dict[str, tuple[File, int]] = {}
    for path in sorted(paths):
        if json_index.is_shard("/" + path):
            shards |= _cut_shard(edits, path, wanted)
        elif cut := wanted.cut_of(path):
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


def _cut_shard(edits: TreeEdits, path: str, wanted: Wanted) -> dict[str, tuple[File, int]]:
    """A shard by its name, with how many items it has left, if it named one of them."""
    left = 0

    def cut(body: bytes) -> bytes:
        nonlocal left
        if not json_index.names(body, wanted.all):  # a look is far cheaper than reading it
            return body
        body, left = json_index.without(body, wanted.gone)
        return hash_cuts.without(body, wanted.hashes)

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
