"""Where a site names a resource: its own files, and the files of others that may show it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from builds.data import urls
from builds.feeds import atom, jsonfeed, rss, sitemaps
from builds.pages import json_index
from builds.removals import html_cuts
from builds.removals.tree_edits import TreeEdits

HOME = ""
LIST_FOLDERS = ("latest", "categories", "tags", "publishers", "teams", "rescue")
Places = Mapping[int, Iterable[str]]
"""By resource: paths of list pages, without language, on which it may stand."""


@dataclass
class Standing:
    """A resource of the site: its own files, its neighbours, and the lists that show it (None: its
    page doesn't tell)."""

    files: set[str] = field(default_factory=set)
    neighbours: set[int] = field(default_factory=set)
    lists: set[str] | None = None


def standing(edits: TreeEdits, ids: Iterable[int]) -> dict[int, Standing]:
    """Those of these resources that the site has."""
    wanted = set(ids)
    listed = {pk for path in sitemap_files(edits.site) for pk in _listed(edits, path)} & wanted
    found = {pk: _standing(edits, pk) for pk in sorted(wanted)}
    pageless = {pk for pk in listed if found[pk].lists is None}
    for item in _items(edits, pageless):
        _add_from_index(edits, found[item["id"]], item)
    return {pk: each for pk, each in found.items() if each.files or pk in listed}


def pages_of(pk: int) -> list[str]:
    """Paths of a resource's page in each language."""
    return in_languages(urls.file_of(urls.resource(pk)))


def own_files(edits: TreeEdits, pk: int) -> set[str]:
    """Paths of a resource's page in each language, its covers and, where the page names it, its
    `.torrent` file, as far as they are there."""
    return _standing(edits, pk).files


def in_languages(path: str) -> list[str]:
    """A page's path in each language."""
    return [language.path + path for language in urls.languages()]


def sitemap_files(site: Path) -> list[str]:
    """Paths of the sitemaps of resources."""
    found = (site / "sitemaps").glob("resources-*.xml")
    return sorted(path.relative_to(site).as_posix() for path in found)


def shards(site: Path) -> list[str]:
    """Paths of the shards of the index."""
    found = (path.relative_to(site).as_posix() for path in (site / "index").glob("*.json"))
    return sorted(path for path in found if json_index.is_shard("/" + path))


def feed_files(site: Path, lists: Iterable[str]) -> Iterator[str]:
    """Paths of the feeds of these lists and of their archives, and of those that anything may stand
    in."""
    for stem in {"all", "rescue", *(name.rstrip("/") for name in lists if name)}:
        archive = site / "feeds/archive" / stem
        for ending in (rss.ENDING, atom.ENDING, jsonfeed.ENDING):
            yield f"feeds/{stem}{ending}"
            yield from (path.relative_to(site).as_posix() for path in archive.glob(f"*{ending}"))


def list_pages(site: Path, name: str) -> list[str]:
    """Paths, without language, of the pages of a list, the newest first."""
    bare = f"{name}index.html"
    folder = site / ("latest/page" if name == HOME else f"{name}page")
    numbers = sorted((int(n) for n in _names(folder) if n.isdecimal()), reverse=True)
    return [bare, *(f"{folder.relative_to(site)}/{number}/index.html" for number in numbers)]


def every_list_page(site: Path) -> list[str]:
    """Paths, without language, of the pages of all lists."""
    found = ["index.html"]
    for top in LIST_FOLDERS:
        for where, _, names in os.walk(site / top):
            if "index.html" in names:
                found.append(f"{os.path.relpath(where, site)}/index.html")
    return found


def on_lists(
    edits: TreeEdits, resources: Mapping[int, Standing], places: Places
) -> dict[str, set[int]]:
    """Paths, without language, of the list pages that show these resources, and which.

    Each is looked for on the pages where it should be, then on all others of its lists. A page that
    does not tell its lists is looked for everywhere.
    """
    expected = [path for pk in resources for path in places.get(pk, ())]
    search = _Search(edits, resources)
    search.look(dict.fromkeys(["index.html", "rescue/index.html", *expected]))
    if any(each.lists is None for each in resources.values()):
        search.look(every_list_page(edits.site))
    for name in sorted({name for each in resources.values() for name in each.lists or ()} | {HOME}):
        wanted = {
            pk for pk, each in resources.items() if each.lists and name in {*each.lists, HOME}
        }
        search.look_in_list(name, wanted)
    return search.found


class _Search:
    """Which list pages show which of the wanted resources; each page is read once."""

    def __init__(self, edits: TreeEdits, wanted: Iterable[int]) -> None:
        self._edits, self._wanted = edits, set(wanted)
        self._seen: dict[str, set[int]] = {}

    @property
    def found(self) -> dict[str, set[int]]:
        return {path: ids for path, ids in self._seen.items() if ids}

    def look(self, paths: Iterable[str]) -> None:
        for path in paths:
            self._on(path)

    def look_in_list(self, name: str, wanted: set[int]) -> None:
        """Go through a list until all of these were seen on it."""
        pages = list_pages(self._edits.site, name)
        left = wanted.difference(*(self._seen.get(path, ()) for path in pages))
        for path in pages:
            if not left:
                return
            left -= self._on(path)

    def _on(self, path: str) -> set[int]:
        if path not in self._seen:
            bodies = filter(None, map(self._edits.read, in_languages(path)))
            self._seen[path] = set[int]().union(*map(html_cuts.named, bodies)) & self._wanted
        return self._seen[path]


def _standing(edits: TreeEdits, pk: int) -> Standing:
    covers = {urls.file_of(urls.cover(pk)), urls.file_of(urls.thumbnail(pk))}
    pages = {path: body for path in pages_of(pk) if (body := edits.read(path))}
    neighbours, lists, files = set[int](), set[str](), covers
    for body in pages.values():
        neighbours |= html_cuts.named(body)
        lists |= html_cuts.lists(body)
        files |= html_cuts.torrents(body)
    return Standing({*pages, *filter(edits.has, files)}, neighbours, lists or None)


def _items(edits: TreeEdits, ids: set[int]) -> Iterator[dict[str, Any]]:
    """What the index tells of these."""
    for path in shards(edits.site) if ids else ():
        with suppress(ValueError, KeyError, TypeError):  # damaged
            yield from json_index.items_of(edits.read(path) or b"", ids)


def _add_from_index(edits: TreeEdits, found: Standing, item: dict[str, Any]) -> None:
    """What the page would tell if Hugo could have rendered it."""
    found.neighbours |= {item["supersedes"], *item["superseded_by"]} - {None}
    torrent = urls.file_of(urls.torrent(item["magnet_hash"]))
    found.files |= {torrent} if edits.has(torrent) else set()


def _listed(edits: TreeEdits, path: str) -> set[int]:
    return sitemaps.resources_in(edits.read(path) or b"")


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []
