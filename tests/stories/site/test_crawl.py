"""Every address that the site names, asked of a real web server."""

from __future__ import annotations

import json
import re
from collections import deque
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit
from xml.etree import ElementTree

import pytest

from builds.data import urls
from builds.search import manifest
from builds.search.segments import (
    BLOCK_IDS,
    SEGMENT_IDS,
    SETS,
    leaf_address,
    rows_address,
    sizes_address,
)
from resources.models import Resource
from tests import make
from tests.builds.catalog import Catalog, work
from tests.builds.site.test_layouts import Reader

pytestmark = pytest.mark.django_db
UNLINKED = {
    "_headers", "404.html", "zh-hans/404.html", "robots.txt", "sitemap.xml", "search/manifest.json",
    "index/manifest.json", "index/categories.json", "index/tags.json",
    "assets/fold-table.json", "assets/fold-han.json",
}  # fmt: skip
"""Who asks for these knows their names: web servers, robots, mirrors, the search's script."""
NAMED_BY_THEM = ("sitemaps/", "index/index-", "search/")


@pytest.fixture(params=["/", "/repo/", "http"])
def base(request, serve, configure, tmp_path, settings):
    """Where the site is served: at the root, and below a path, told with and without the host."""
    www = tmp_path / "www"
    www.mkdir()
    path = "/" if request.param == "/" else "/repo/"
    where = serve(www, host="127.0.0.2")
    configure(
        site_languages=("en", "zh-hans"),
        public_baseurl=where + path if request.param == "http" else path,
    )
    public = settings.GHOST.site_workdir / "public"
    if path == "/":
        www.rmdir()
        www.symlink_to(public)
    else:
        (www / "repo").symlink_to(public)
    return where + path


class Crawler:
    """Asks for an address and all that it names, and so on."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.server = HTTPConnection(urlsplit(base).netloc)
        self.asked: dict[str, int] = {}
        self.wrong: list[str] = []

    def run(self, *starts: str) -> Crawler:
        waiting = deque((urljoin(self.base, start), "") for start in starts)
        while waiting:
            address, source = waiting.popleft()
            if address in self.asked:
                continue
            status, body = self._get(address)
            self.asked[address] = status
            if status != 200:
                self.wrong.append(f"{source} → {address}: {status}")
                continue
            waiting.extend((found, address) for found in self._named(address, body))
        return self

    @property
    def files(self) -> set[str]:
        """What it was given, relative to the site."""
        return {urls.file_of(unquote(address.removeprefix(self.base))) for address in self.asked}

    def _get(self, address: str) -> tuple[int, bytes]:
        parts = urlsplit(address)
        assert parts.path.isascii(), address
        self.server.request("GET", parts.path)
        answer = self.server.getresponse()
        body = answer.read()
        return answer.status, body

    def _from_root(self, named: str) -> str:
        """In a shard, addresses begin at the site's root, wherever that lies."""
        return self.base + named[1:] if named.startswith("/") else named

    def _named(self, address: str, body: bytes) -> list[str]:
        path = urlsplit(address).path
        named: list[str] = []
        if path.endswith(("/", ".html")):
            named = _in_html(body.decode())
        elif path.endswith((".xml", ".atom", ".opml")):
            named = _in_xml(body)
        elif path.endswith("/search/manifest.json"):
            named = [self.base + quote(name[1:]) for name in _in_search(body)]
        elif path.endswith("/index/manifest.json"):
            named = [shard["file"] for shard in json.loads(body)["shards"]]
        elif "/index/index-" in path:
            named = [self._from_root(each) for each in _in_json(json.loads(body))]
        elif path.endswith(".json"):
            named = list(_in_json(json.loads(body)))
        elif path.endswith(".css"):
            named = re.findall(r"url\(['\"]?([^'\")]+)", body.decode())
        found = [urljoin(address, each).partition("#")[0].partition("?")[0] for each in named]
        host = self.base[: -len(urlsplit(self.base).path)]
        return [each for each in found if each.startswith(host + "/")]


def _in_html(body: str) -> list[str]:
    reader = Reader()
    reader.feed(body)
    names = ("action", "href", "src")
    found = [attrs[name] for _, attrs in reader.found for name in names if name in attrs]
    metas = reader.all("meta", property="og:image") + reader.all("meta", property="og:url")
    found += [meta["content"] for meta in metas]
    for script in re.findall(r'<script type="application/ld\+json">(.*?)</script>', body, re.S):
        found += _in_json(json.loads(script))
    return found


def _in_xml(body: bytes) -> list[str]:
    found = []
    for node in ElementTree.fromstring(body).iter():
        kind = node.tag.rpartition("}")[2]
        if kind in {"loc", "link", "comments", "url", "icon"} and node.text and node.text.strip():
            found.append(node.text)
        for name in ("href", "url", "xmlUrl", "htmlUrl"):
            found += filter(None, [node.get(name)])
    return found


def _in_json(plain: object) -> list[str]:
    """Values that are addresses: those of `…url`, `image`, `icon` and `cover_image_path`."""
    found: list[str] = []
    if isinstance(plain, list):
        for each in plain:
            found += _in_json(each)
    elif isinstance(plain, dict):
        for name, value in plain.items():
            if isinstance(value, str) and name.endswith(("url", "image", "icon", "item", "@id")):
                found.append(value)
            elif name == "cover_image_path" and value:
                found.append(f"../{value}")
            else:
                found += _in_json(value)
    return found


def _in_search(body: bytes) -> list[str]:
    """The files that the browser's search may ask for."""
    found = []
    for number, segment in manifest.read(body).items():
        found.append(sizes_address(number))
        found += [
            leaf_address(number, kind, leaf) for kind in SETS for leaf in segment.leaves[kind]
        ]
    return found


def _rows() -> set[str]:
    """Files of result rows, of which the browser knows by the ids that it found."""
    places = (
        divmod(pk, SEGMENT_IDS) for pk in Resource.objects.public().values_list("pk", flat=True)
    )
    return {rows_address(number, place // BLOCK_IDS)[1:] for number, place in places}


def fill() -> Catalog:
    catalog = Catalog.fill()
    hostile = "Ünï “q” & <b> /../ ?a=b#c %41 {{< x >}}"
    deep = make.category("深い/階層?", parent=catalog.films)
    work(
        hostile,
        category=deep,
        publisher=catalog.ada,
        tags=["#%?&", "🎬", "…", "x/../y"],
        cover="#111111",
    )
    make.resource(title="v2 only", magnet_uri="magnet:?xt=urn:btmh:1220" + "ab" * 32, category=deep)
    return catalog


def require_sound(base: str, public: Path) -> None:
    there = {path.relative_to(public).as_posix() for path in public.rglob("*") if path.is_file()}
    pages = {path for path in there if path.endswith("index.html")}

    crawler = Crawler(base).run("")
    unlinked = there - crawler.files
    crawler.run(*UNLINKED, *_rows())

    assert crawler.wrong == []
    unseen = {path for path in unlinked if not path.startswith(NAMED_BY_THEM)}
    assert {path for path in unseen if "/empty" not in path} | {"search/manifest.json"} == UNLINKED
    assert there - crawler.files == set()
    assert _in_sitemaps(base, public) == pages


def _in_sitemaps(base: str, public: Path) -> set[str]:
    """The pages that they name."""
    found = []
    for part in _in_xml((public / "sitemap.xml").read_bytes()):
        path = public / unquote(urljoin(base, part).removeprefix(base))
        found += _in_xml(path.read_bytes())
    assert len(found) == len(set(found))
    return {urls.file_of(unquote(urljoin(base, each).removeprefix(base))) for each in found}


def test_no_address_leads_nowhere_after_full_and_delta_builds(base, build, monkeypatch):
    monkeypatch.setattr("builds.listings.pagination.PAGE_ROWS", 4)
    monkeypatch.setattr("builds.listings.pagination.SHARD_ITEMS", 5)
    catalog = fill()
    public = build()
    require_sound(base, public)

    catalog.edit()
    build()
    catalog.gone.refresh_from_db()
    catalog.gone.restore()
    work("One more", category=catalog.archive, publisher=catalog.ada, tags=["Öl"])
    build()
    require_sound(base, public)
