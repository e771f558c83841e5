"""`t=caps`: what can be asked here."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from django.conf import settings

from ghost.torznab.categories import Numbers
from ghost.torznab.query import MAX_LIMIT, TEXTS
from ghost.torznab.xml import add, written

VERSION = "1.3"
SEARCHES = {
    "search": "search",
    "tvsearch": "tv-search",
    "movie": "movie-search",
    "music": "audio-search",
    "book": "book-search",
}
"""Functions, and what they are called among the capabilities."""
_MORE = {"search": ("tag",), "tvsearch": ("season", "ep")}


def document(numbers: Numbers) -> bytes:
    """The answer to `t=caps`: functions, limits and categories, as XML."""
    root = Element("caps")
    config = settings.GHOST
    add(
        root, "server", version=VERSION, title=config.site_title,
        strapline=config.site_description, url=config.site_address or None,
    )  # fmt: skip
    add(root, "limits", max=MAX_LIMIT, default=MAX_LIMIT)
    add(root, "registration", available="no", open="no")
    searching = add(root, "searching")
    for function, name in SEARCHES.items():
        params = ",".join((*TEXTS[function], *_MORE.get(function, ())))
        add(searching, name, available="yes", supportedParams=params, searchEngine="raw")
    _categories(root, numbers)
    return written(root)


def _categories(root: Element, numbers: Numbers) -> None:
    shown = add(root, "categories")
    for number, (name, below) in numbers.tree().items():
        category = add(shown, "category", id=number, name=name)
        for special, its_name in below.items():
            add(category, "subcat", id=special, name=its_name)
