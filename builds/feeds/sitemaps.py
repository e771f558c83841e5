"""Sitemaps (sitemaps.org) and `robots.txt`.

A file has 50,000 addresses at most, all languages together. Which file a resource stands in follows
from its id alone, so that one that comes or goes changes one file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from builds.data import urls
from builds.data.records import File
from builds.feeds import xml
from builds.feeds.xml import DECLARATION, text
from ghost.core.batches import batched

MAX_LINKS = 50_000
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_PAGE = re.compile(rb"<url><loc>[^<]*/resources/(\d+)/</loc></url>\n")


def ids_of_a_part() -> int:
    """How many ids belong to one file of resources: id 0 to that, and so on."""
    return MAX_LINKS // len(urls.languages())


def part_of(resource_id: int) -> int:
    """The file, counted from 0, that names this resource."""
    return resource_id // ids_of_a_part()


def resources(part: int, ids: Iterable[int]) -> File:
    """`/sitemaps/resources-{part}.xml` with the pages of these resources in all languages."""
    tails = [urls.resource(number)[1:] for number in sorted(ids)]
    links = [base + tail for base in _bases() for tail in tails]
    return File(f"/sitemaps/resources-{part}.xml", _whole("urlset", "url", links))


def lists(pages: Sequence[str]) -> list[File]:
    """`/sitemaps/pages-{n}.xml`, from 1, with all other pages in all languages. The page for what
    isn't there is left out."""
    tails = [urls.encoded(page) for page in pages if page != urls.MISSING]
    links = [base + tail for base in _bases() for tail in tails]
    return [
        File(f"/sitemaps/pages-{number}.xml", _whole("urlset", "url", part))
        for number, part in enumerate(batched(links, MAX_LINKS), 1)
    ]


def index(files: Sequence[str]) -> File:
    """`/sitemap.xml`, which names the others by their addresses."""
    links = [text(urls.link(address)) for address in files]
    return File(urls.SITEMAP, _whole("sitemapindex", "sitemap", links))


def robots() -> File:
    """`/robots.txt`; it names the sitemap if the site's host is known, as it must be absolute."""
    lines = ["User-agent: *", "Allow: /"]
    if urls.origin():
        lines.append(f"Sitemap: {urls.link(urls.SITEMAP)}")
    return File("/robots.txt", ("\n".join(lines) + "\n").encode())


def _bases() -> list[str]:
    """Where each language lies."""
    return [text(urls.link(language.path)) for language in urls.languages()]


def _whole(root: str, each: str, links: Iterable[str]) -> bytes:
    """The file; `links` are escaped."""
    rows = "".join([f"<{each}><loc>{link}</loc></{each}>\n" for link in links])
    return f'{DECLARATION}<{root} xmlns="{NAMESPACE}">\n{rows}</{root}>\n'.encode()


def without(body: bytes, ids: Collection[int]) -> bytes:
    """A file of resources without the pages of these."""
    return xml.without(body, _PAGE, ids)


def resources_in(body: bytes) -> set[int]:
    """Keys of the resources that a file names."""
    return {int(found) for found in _PAGE.findall(body)}
