"""The pages that lead to resources: home, lists, indexes of categories and tags.

Pages of a list are numbered from the oldest, so that a new resource changes only its end; the
bare address has the newest 30 to 59 rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from builds import addresses
from builds.records import Page
from builds.shelf import Entry, Node, Shelf, slug_of

PAGE_ROWS = 30
HOME_TAGS = 30
RESCUE_ROWS = 60


def every(shelf: Shelf) -> Iterator[Page]:
    """All pages but those of the resources themselves."""
    yield from _home(shelf)
    yield from _categories(shelf)
    yield from _tags(shelf)
    yield from _publishers(shelf)
    yield _rescue(shelf)
    yield Page("/about/", "about", "About", {"count": len(shelf.entries)})
    yield Page(addresses.MISSING, "missing", "404")


def row(entry: Entry, shelf: Shelf) -> dict[str, Any]:
    """A resource in a list."""
    node = shelf.nodes[entry.category_id]
    shown: dict[str, Any] = {
        "address": addresses.resource(entry.id),
        "title": entry.title,
        "category": category(node),
        "size": entry.size,
        "files": entry.file_count,
        "health": entry.health,
        "published": f"{entry.published_at:%Y-%m-%d}",
        "magnet": entry.magnet,
        "tags": tags(entry),
    }
    if entry.cover:
        shown["cover"] = addresses.thumbnail(entry.id)
    return shown


def category(node: Node) -> dict[str, str]:
    """Name and address of a category."""
    return {"name": node.category.name, "address": addresses.category(node.path)}


def tags(entry: Entry) -> list[dict[str, str]]:
    """Name, as the publisher typed it, and address of each tag."""
    return [{"name": name, "address": addresses.tag(slug_of(name))} for name in entry.tags]


def crumbs(node: Node) -> list[dict[str, str]]:
    """The way from the root to a category."""
    return [{"name": name, "address": addresses.category(path)} for name, path in node.trail]


def _home(shelf: Shelf) -> Iterator[Page]:
    newest, older, archive = _paged(shelf.entries, "/latest/", addresses.HOME)
    groups, by_tag, names = shelf.by_category, shelf.by_tag, shelf.tag_names
    most_used = sorted(by_tag, key=lambda slug: (-len(by_tag[slug]), slug))[:HOME_TAGS]
    home = {
        "rows": [row(entry, shelf) for entry in newest],
        "categories": [
            category(node) | {"count": len(groups[pk])}
            for pk, node in shelf.nodes.items()
            if node.depth == 0 and groups[pk]
        ],
        "tags": [_tag(slug, names[slug], len(by_tag[slug])) for slug in most_used],
        "count": len(shelf.entries),
        "active": sum(entry.health == "active" for entry in shelf.entries),
        "feed": addresses.ALL_FEED,
    }
    yield Page(addresses.HOME, "home", "", home | ({"older": older} if older else {}))
    common = {"kind": "latest", "name": "", "feed": addresses.ALL_FEED}
    yield from _archive("", common, archive, shelf)


def _categories(shelf: Shelf) -> Iterator[Page]:
    groups = shelf.by_category
    for pk, node in shelf.nodes.items():
        common = {
            "kind": "category",
            "name": node.category.name,
            "crumbs": crumbs(node),
            "children": [
                category(child) | {"count": len(groups[child_id])}
                for child_id, child in shelf.nodes.items()
                if child.category.parent_id == pk and groups[child_id]
            ],
            "feed": addresses.feed("categories", node.path),
        }
        yield from _list(addresses.category(node.path), common, groups[pk], shelf)
    tree = [
        category(node) | {"count": len(groups[pk]), "depth": node.depth}
        for pk, node in shelf.nodes.items()
        if groups[pk]
    ]
    yield Page("/categories/", "categories", "Categories", {"categories": tree})


def _tags(shelf: Shelf) -> Iterator[Page]:
    names, groups = shelf.tag_names, shelf.by_tag
    for slug, entries in groups.items():
        feed = addresses.feed("tags", slug)
        common = {"kind": "tag", "name": names[slug], "feed": feed}
        yield from _list(addresses.tag(slug), common, entries, shelf)
    index = [_tag(slug, names[slug], len(entries)) for slug, entries in groups.items()]
    yield Page("/tags/", "tags", "Tags", {"tags": index})


def _publishers(shelf: Shelf) -> Iterator[Page]:
    for pk, entries in shelf.by_publisher.items():
        person = shelf.people[pk]
        feed = addresses.feed("publishers", person.slug)
        common = {"kind": "publisher", "name": person.name, "feed": feed}
        yield from _list(addresses.publisher(person.slug), common, entries, shelf)


def _rescue(shelf: Shelf) -> Page:
    rows = [row(entry, shelf) for entry in shelf.endangered(RESCUE_ROWS)]
    params = {"rows": rows, "feed": addresses.RESCUE_FEED}
    return Page("/rescue/", "rescue", "Needs seeders", params)


def _tag(slug: str, name: str, count: int) -> dict[str, Any]:
    return {"name": name, "address": addresses.tag(slug), "count": count}


Archive = list[tuple[str, int, Sequence[Entry], dict[str, str]]]
"""Address, number, rows (newest first) and pager of each numbered page."""


def _list(
    base: str, common: dict[str, Any], entries: Sequence[Entry], shelf: Shelf
) -> Iterator[Page]:
    newest, older, archive = _paged(entries, base, base)
    rows = [row(entry, shelf) for entry in newest]
    pager = {"older": older} if older else {}
    yield Page(base, "list", common["name"], common | {"rows": rows, "pager": pager})
    yield from _archive(common["name"], common, archive, shelf)


def _archive(title: str, common: dict[str, Any], pages: Archive, shelf: Shelf) -> Iterator[Page]:
    for address, number, entries, pager in pages:
        rows = [row(entry, shelf) for entry in entries]
        params = common | {"rows": rows, "pager": pager, "page": number}
        yield Page(address, "list", title, params)


def _paged(
    entries: Sequence[Entry], base: str, bare: str
) -> tuple[Sequence[Entry], str | None, Archive]:
    """The rows of the bare page, the address that follows it, and the numbered pages."""
    last = max(0, len(entries) // PAGE_ROWS - 1)

    def address(number: int) -> str:
        return f"{base}page/{number}/" if number <= last else bare

    archive: Archive = []
    for number in range(1, last + 1):
        rows = entries[(number - 1) * PAGE_ROWS : number * PAGE_ROWS][::-1]
        older = {"older": address(number - 1)} if number > 1 else {}
        archive.append((address(number), number, rows, {"newer": address(number + 1)} | older))
    return entries[last * PAGE_ROWS :][::-1], address(last) if last else None, archive
