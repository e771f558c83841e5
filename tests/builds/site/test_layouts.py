"""The layouts of the public site, rendered by the real Hugo from records made by hand."""

from __future__ import annotations

import json
import re
import tomllib
from html.parser import HTMLParser

import pytest

from builds.data.records import Page
from builds.render import hugo
from builds.run import SITE_SOURCE
from tests.browser import needs_chromium, visit

MAGNET = "magnet:?xt=urn:btih:" + "ab" * 20 + "&dn=A%20B&tr=udp%3A%2F%2Ft.example%3A1337"
HOSTILE = '</script><script>alert(1)</script> {{< x >}} {{% y %}} & "q"'
VOID = frozenset({"meta", "link", "img", "br", "hr", "path", "use", "input"})


class Reader(HTMLParser):
    """Collects elements and text; refuses what the site must never have."""

    def __init__(self):
        super().__init__()
        self.found, self.open, self.said = [], [], []

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        assert "style" not in names
        assert not [name for name in names if name.startswith("on")]
        self.found.append((tag, names))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.said.append((self.open[-1] if self.open else "", data))

    def all(self, tag, **wanted):
        return [a for t, a in self.found if t == tag and wanted.items() <= a.items()]

    def text(self, tag):
        return [data for t, data in self.said if t == tag]


def row(number=1, **more):
    return {
        "address": f"/resources/{number}/", "title": f"Title {number}",
        "category": {"name": "古籍", "address": "/categories/古籍/"}, "size": "1.4 GiB",
        "files": 2, "health": "active", "published": "2026-01-02", "magnet": MAGNET,
        "tags": [{"name": "a:b", "address": "/tags/a:b/"}],
    } | more  # fmt: skip


def tree(files):
    leaves = [{"name": f"part-{n:03}.bin", "size": "51.2 MiB"} for n in range(files)]
    return [{"name": "folder", "size": "1 GiB", "children": leaves}]


def resource(title="Title", **more):
    params = {
        "id": 1, "html": "<p>Text</p>", "summary": "Text", "magnet": MAGNET, "hash": "ab" * 20,
        "hash_v2": None, "size": "115.0 GiB", "size_bytes": 123456789012, "files": 20,
        "tree": tree(20), "tree_cut": 0, "crumbs": [row()["category"]],
        "category": row()["category"], "tags": row()["tags"], "health": "stale",
        "checked": "2026-11-20T14:03:11+00:00", "published": "2026-10-02T09:30:00+00:00",
        "updated": "2026-11-19T23:59:00+00:00",
        "publisher": {"name": "P", "address": "/publishers/p/"},
    }  # fmt: skip
    return Page("/resources/1/", "resource", title, params | more)


@pytest.fixture
def render(tmp_path, configure):
    """`render(page)`: the page's HTML in one language of a site that lies below /repo/."""
    configure(
        site_languages=("en", "zh-hans"),
        site_title="The Shelf",
        public_baseurl="https://host.example/repo/",
    )

    def run(page, language=""):
        chunk = tmp_path / "chunk.json"
        chunk.write_bytes(b"[" + page.json + b"]")
        report = hugo.Report()
        hugo.render([chunk], tmp_path / "site", tmp_path / "work", report)
        assert report.set_aside == []
        name = page.address.strip("/")
        name = name if name.endswith(".html") else f"{name}/index.html"
        return (tmp_path / "site" / language / name).read_text(encoding="utf-8")

    return run


def read(html):
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    assert "ZgotmplZ" not in html
    assert "<no value>" not in html
    return reader


def test_resource_links_its_magnet_and_prints_whole_numbers(render):
    html = render(resource())

    [link] = read(html).all("a", id="magnet-link")
    assert link["href"] == MAGNET
    assert "(123,456,789,012 bytes)" in html


def test_resource_with_twenty_files_is_small(render):
    html = render(resource())

    assert len(html.encode()) < 12_000
    assert len(read(html).all("summary")) == 1


def test_hostile_title_stays_text_and_linked_data_stays_json(render):
    reader = read(render(resource(HOSTILE, summary=HOSTILE)))

    assert "".join(reader.text("h1")) == HOSTILE
    [data] = reader.text("script")
    assert json.loads(data)["name"] == HOSTILE
    assert json.loads(data)["encoding"]["contentUrl"] == MAGNET
    assert [a.get("type", "file") for a in reader.all("script")] == ["file", "application/ld+json"]


def test_links_are_encoded_and_lie_below_base_path_and_language(render):
    reader = read(render(resource(), "zh-hans"))

    links = {a["href"] for a in reader.all("a")}
    assert "/repo/zh-hans/categories/%E5%8F%A4%E7%B1%8D/" in links
    assert "/repo/zh-hans/tags/a:b/" in links
    assert {a["href"].split("?")[0] for a in reader.all("link", rel="stylesheet")} == {
        "/repo/assets/site.css"
    }
    assert reader.all("a", lang="en")[0]["href"] == "/repo/resources/1/"
    assert reader.all("html") == [{"lang": "zh-hans"}]


def test_twins_and_canonical_address_are_absolute(render):
    reader = read(render(resource()))

    assert (
        reader.all("link", rel="canonical")[0]["href"] == "https://host.example/repo/resources/1/"
    )
    assert {a["hreflang"]: a["href"] for a in reader.all("link") if "hreflang" in a} == {
        "en": "https://host.example/repo/resources/1/",
        "zh-hans": "https://host.example/repo/zh-hans/resources/1/",
        "x-default": "https://host.example/repo/resources/1/",
    }


def test_site_without_host_names_no_absolute_address(render, configure):
    configure(public_baseurl="/", site_languages=("en", "zh-hans"))

    reader = read(render(resource()))

    assert [
        a for a in reader.all("link") if a["rel"] in ("canonical", "alternate") and "hreflang" in a
    ] == []
    assert [a for a in reader.all("link") if a["rel"] == "canonical"] == []


@pytest.mark.parametrize("cover", [None, "/assets/covers/1-small.webp"])
def test_list_of_thirty_rows_is_small(render, cover):
    more = {"cover": cover} if cover else {}
    rows = [row(number, **more) for number in range(30)]
    page = Page("/tags/公共领域/", "list", "公共领域", {
        "kind": "tag", "name": "公共领域", "rows": rows, "page": 3, "feed": "/feeds/tags/公共领域",
        "pager": {"newer": "/tags/公共领域/page/4/", "older": "/tags/公共领域/page/2/"},
    })  # fmt: skip

    html = render(page)

    reader = read(html)
    assert len(html.encode()) < 40_000
    assert len([a for a in reader.all("a") if a["href"] == MAGNET]) == 30
    assert reader.all("a", rel="next") == [
        {"rel": "next", "href": "/repo/tags/%E5%85%AC%E5%85%B1%E9%A2%86%E5%9F%9F/page/2/"}
    ]
    assert len(reader.all("img", width="64", height="64", alt="")) == (30 if cover else 0)


def test_categories_become_nested_lists(render):
    depths = [0, 1, 2, 1, 0, 1, 2]
    page = Page("/categories/", "categories", "", {"categories": [
        {"name": f"c{n}", "address": f"/categories/c{n}/", "count": n, "depth": depth}
        for n, depth in enumerate(depths)
    ]})  # fmt: skip

    html = render(page)

    read(html)
    tree = html.split('<div class="branches">')[1].split("</div>")[0]
    shape = re.sub(r"<a [^>]*>(\w+)</a>|<span>\d+</span>|\s", r"\1", tree)
    assert shape == (
        "<ul><li>c0<ul><li>c1<ul><li>c2</li></ul></li><li>c3</li></ul></li>"
        "<li>c4<ul><li>c5<ul><li>c6</li></ul></li></ul></li></ul>"
    )


@pytest.mark.parametrize(
    "page",
    [
        Page("/latest/page/1/", "list", "", {"kind": "latest", "name": "", "rows": []}),
        Page("/tags/x/", "list", "x", {"kind": "tag", "name": "x", "rows": []}),
        Page("/publishers/x/", "list", "x", {"kind": "publisher", "name": "x", "rows": []}),
        Page("/teams/x/", "list", "x", {"kind": "team", "name": "x", "rows": []}),
        Page("/categories/x/", "list", "x", {"kind": "category", "name": "x", "rows": []}),
        Page("/rescue/", "rescue", "", {"rows": []}),
        Page("/tags/", "tags", "", {"tags": []}),
        Page("/categories/", "categories", "", {"categories": []}),
    ],
    ids=lambda page: page.address,
)
@pytest.mark.parametrize("language", ["", "zh-hans"])
def test_empty_page_says_a_friendly_sentence(render, page, language):
    reader = read(render(page, language))

    assert len(reader.all("p", **{"class": "empty"})) == 1
    assert len(reader.all("h1")) == 1


def test_both_languages_have_the_same_words():
    english, chinese = (
        tomllib.loads((SITE_SOURCE / "i18n" / f"{code}.toml").read_text(encoding="utf-8"))
        for code in ("en", "zh-hans")
    )

    assert set(english) == set(chinese)


def test_every_word_is_used_and_every_used_word_is_there():
    layouts = "".join(path.read_text() for path in (SITE_SOURCE / "layouts").rglob("*.html"))
    words = tomllib.loads((SITE_SOURCE / "i18n" / "en.toml").read_text(encoding="utf-8"))

    named = set(re.findall(r'"([a-z0-9_]+)"', layouts))
    built = {
        word
        for word in words
        if word.startswith(("about_", "empty_", "health_", "search_size_", "seeds_"))
    }
    assert set(words) - named - built == set()
    assert set(re.findall(r'i18n "([a-z0-9_]+)"', layouts)) - set(words) == set()


@pytest.mark.parametrize("stack", ["serif", "sans", "mono"])
def test_fonts_of_latin_letters_come_before_chinese_ones(stack):
    """Those set ’ “ ” as wide as a Chinese character."""
    style = (hugo.FILES / "assets" / "site.css").read_text(encoding="utf-8")

    [fonts] = re.findall(rf"--{stack}: ([^;]+);", style)

    names = fonts.split(", ")
    generic = names.index({"sans": "sans-serif", "mono": "monospace"}.get(stack, stack))
    assert [name for name in names[:generic] if re.search("SC|CJK|YaHei|Sim", name)] == []


@needs_chromium
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_quotes_of_english_words_are_as_narrow_as_such_quotes_are(language):
    style = (hugo.FILES / "assets" / "site.css").read_text(encoding="utf-8")

    with visit() as seen:
        seen.page.set_content(
            f'<html lang="{language}"><style>{style}</style><h1><span>’</span>“isn’t” 唐诗</h1>'
        )
        width, size = seen.page.evaluate(
            "() => [document.querySelector('span').getBoundingClientRect().width,"
            " parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)]"
        )

    assert 0.1 < width / size < 0.6


def test_the_error_page_of_each_language_leads_into_that_language(render):
    page = Page("/404.html", "missing", "404")

    english, chinese = read(render(page)), read(render(page, "zh-hans"))

    assert "/repo/categories/" in {a["href"] for a in english.all("a")}
    links = {a["href"] for a in chinese.all("a") if "lang" not in a and a["href"][0] == "/"}
    assert {link for link in links if not link.startswith("/repo/zh-hans/")} == {
        "/repo/feeds/all.xml"
    }


FEED_TYPES = {
    ".xml": "application/rss+xml",
    ".atom": "application/atom+xml",
    ".json": "application/feed+json",
}


def team_page(feed="/feeds/teams/c++ 队"):
    return Page(
        "/teams/c++ 队/", "list", "C++ 队",
        {"kind": "team", "name": "C++ 队", "rows": [row()], "feed": feed},
    )  # fmt: skip


def test_list_offers_its_feed_in_three_kinds_to_people_and_programs(render):
    reader = read(render(team_page(), "zh-hans"))

    wanted = {f"/repo/feeds/teams/c++%20%E9%98%9F{end}": kind for end, kind in FEED_TYPES.items()}
    offered = [a for a in reader.all("a") if a["href"].startswith("/repo/feeds/teams/")]
    assert {a["href"]: a["type"] for a in offered} == wanted
    everything = {f"/repo/feeds/all{end}": kind for end, kind in FEED_TYPES.items()}
    named = [a for a in reader.all("link", rel="alternate") if "type" in a]
    assert {a["href"]: a["type"] for a in named} == wanted | everything
    assert {a["title"] for a in named} == {
        f"{title} ({kind})" for title in ("C++ 队", "The Shelf") for kind in ("RSS", "Atom", "JSON")
    }


def test_feed_of_everything_is_named_once_on_its_own_page(render):
    page = Page("/latest/page/1/", "list", "", {
        "kind": "latest", "name": "", "rows": [row()], "feed": "/feeds/all",
    })  # fmt: skip

    reader = read(render(page))

    assert len([a for a in reader.all("link", rel="alternate") if "type" in a]) == 3


def test_team_page_says_what_it_is(render):
    english, chinese = read(render(team_page())), read(render(team_page(), "zh-hans"))

    assert (english.text("h1"), english.text("p")[0]) == (["C++ 队"], "Team")
    assert chinese.text("p")[0] == "团队"


def test_resource_leads_to_its_team(render):
    html = render(resource(team={"name": "The <b> Team", "address": "/teams/the-b-team/"}))

    reader = read(html)
    assert reader.text("a").count("The <b> Team") == 1
    assert len(reader.all("a", href="/repo/teams/the-b-team/")) == 1
    assert "Team" in reader.text("dt")


def test_resource_without_team_and_torrent_names_neither(render):
    reader = read(render(resource()))

    assert "Team" not in reader.text("dt")
    assert [a for a in reader.all("a") if "download" in a] == []


def test_torrent_file_is_saved_under_the_title(render):
    title = 'A "quoted" / <title> 《公共》 ' + "x" * 200

    reader = read(render(resource(title, torrent=f"/torrents/{'ab' * 20}.torrent")))

    [link] = [a for a in reader.all("a") if "download" in a]
    assert link["href"] == f"/repo/torrents/{'ab' * 20}.torrent"
    assert link["download"] == title[:80] + ".torrent"
    assert link["type"] == "application/x-bittorrent"


def test_about_page_has_all_feeds_in_one_file(render):
    reader = read(render(Page("/about/", "about", "", {"count": 3}), "zh-hans"))

    [link] = reader.all("a", type="text/x-opml")
    assert link["href"] == "/repo/feeds.opml"


def provenance(**more):
    spdx = "https://spdx.org/licenses/"
    return {
        "licence": [{"text": "MIT", "url": f"{spdx}MIT.html"}, {"text": " OR "},
                    {"text": "0BSD", "url": f"{spdx}0BSD.html"}],
        "source": {"url": "https://example.org/a?b=c&d=e", "text": "example.org/a?b=c&d=e"},
        "checksums": [
            {"id": "sums-sha256", "name": "SHA-256", "lines": f"{'ab' * 32}  a.iso\n{'cd' * 32}  b"},
        ],
    } | more  # fmt: skip


def data_of(reader):
    [data] = reader.text("script")
    return json.loads(data)


def test_resource_without_provenance_says_nothing_of_it(render):
    reader = read(render(resource()))

    assert reader.all("details", **{"class": "sums"}) == []
    assert {"Licence", "Source", "Replaces"}.isdisjoint(reader.text("dt"))
    assert {"license", "isBasedOn"}.isdisjoint(data_of(reader))
    assert "sha256" not in data_of(reader)["encoding"]
    assert data_of(reader)["@context"] == "https://schema.org"


def test_resource_links_its_licences_and_its_source(render):
    reader = read(render(resource(**provenance())))

    assert [a["href"] for a in reader.all("a", rel="license")] == [
        "https://spdx.org/licenses/MIT.html", "https://spdx.org/licenses/0BSD.html",
    ]  # fmt: skip
    [source] = reader.all("a", rel="nofollow noopener noreferrer")
    assert source["href"] == "https://example.org/a?b=c&d=e"
    assert " OR " in reader.text("dd")


def test_checksums_are_folded_and_copied_as_they_are_checked(render):
    html = render(resource(**provenance()))

    reader = read(html)
    assert reader.all("details", **{"class": "sums"}) == [{"class": "sums"}]
    assert reader.text("pre") == [f"{'ab' * 32}  a.iso\n{'cd' * 32}  b"]
    assert [b["data-copy"] for b in reader.all("button", **{"data-copy": "sums-sha256"})] == [
        "sums-sha256"
    ]


@pytest.mark.parametrize(
    ("licence", "wanted"),
    [
        (
            [{"text": "MIT", "url": "https://spdx.org/licenses/MIT.html"}],
            "https://spdx.org/licenses/MIT.html",
        ),
        (provenance()["licence"], {"@type": "CreativeWork", "name": "MIT OR 0BSD"}),
        ([{"text": "LicenseRef-Ours"}], {"@type": "CreativeWork", "name": "LicenseRef-Ours"}),
    ],
)
def test_linked_data_names_licence_source_and_sum(render, licence, wanted):
    reader = read(render(resource(**provenance(licence=licence, sha256="ab" * 32))))

    data = data_of(reader)
    assert (data["license"], data["isBasedOn"]) == (wanted, "https://example.org/a?b=c&d=e")
    assert data["encoding"]["sha256"] == "ab" * 32


@pytest.mark.parametrize("language", ["", "zh-hans"])
def test_a_replaced_release_says_so_and_links_what_replaces_it(render, language):
    newer = [
        {"name": HOSTILE, "address": "/resources/7/"},
        {"name": "B", "address": "/resources/5/"},
    ]
    reader = read(render(resource(replaced_by=newer), language))

    base = f"/repo/{language}/" if language else "/repo/"
    links = [a["href"] for a in reader.all("a") if "/resources/" in a["href"]]
    wanted = [f"{base}resources/7/", f"{base}resources/5/"]
    assert [link for link in links if "/resources/1/" not in link] == wanted
    assert reader.all("div", role="note") == [{"class": "notice", "role": "note"}]
    assert data_of(reader)["dcterms:isReplacedBy"] == [
        {"@id": f"https://host.example{link}"} for link in wanted
    ]
    assert data_of(reader)["@context"] == [
        "https://schema.org", {"dcterms": "http://purl.org/dc/terms/"},
    ]  # fmt: skip


def test_a_newer_release_says_what_it_replaces(render):
    reader = read(render(resource(replaces={"name": "Old", "address": "/resources/3/"})))

    assert "Replaces" in reader.text("dt")
    assert data_of(reader)["dcterms:replaces"] == {"@id": "https://host.example/repo/resources/3/"}


def test_a_list_marks_what_is_replaced(render):
    params = {"kind": "tag", "name": "a", "feed": "/feeds/tags/a", "pager": {}}
    rows = [json.dumps(each).encode() for each in (row(1, replaced=True), row(2))]
    reader = read(render(Page("/tags/a/", "list", "a", params, rows)))

    assert [said for said in reader.text("span") if said == "older release"] == ["older release"]
