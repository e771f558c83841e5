"""The search page in Chromium, over an index of resources made by hand, below a sub-path."""

from __future__ import annotations

import os
import shutil
from base64 import b32encode
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import quote

import pytest

from builds.data.entry import Entry
from builds.data.records import Page
from builds.data.taxonomy import CategoryNode, Crumb, Profile, Taxonomy
from builds.render import hugo
from builds.search import index, manifest
from builds.search.documents import document
from builds.search.page import page
from ghost.core.text.folding import fold
from tests.browser import needs_chromium, visit
from tests.builds.conftest import QuietHandler

pytestmark = needs_chromium
HOSTILE = '<img src=x onerror=alert(1)></script> & "q"'
MIB, GIB = 1 << 20, 1 << 30
TAXONOMY = Taxonomy(
    categories={
        1: CategoryNode(1, "Books", "books", None, 1, 0, "books", 0, (Crumb("Books", "books"),), (1,)),
        2: CategoryNode(
            2, "古典文学", "古典文学", 1, 1, 0, "books/古典文学", 1,
            (Crumb("Books", "books"), Crumb("古典文学", "books/古典文学")), (1, 2),
        ),
        3: CategoryNode(3, "Music", "music", None, 3, 1, "music", 0, (Crumb("Music", "music"),), (3,)),
    },
    publishers={1: Profile("Ada Lovelace", "ada-lovelace"), 2: Profile("数字图书馆", "数字图书馆")},
    teams={1: Profile("Night shift", "night-shift")},
)  # fmt: skip


class StrictHandler(QuietHandler):
    """As Django serves the site: nothing but files of its own."""

    def end_headers(self):
        self.send_header("Content-Security-Policy", "default-src 'self'; base-uri 'none'")
        super().end_headers()


def entry(pk, title, **more):
    return Entry(
        **{
            "id": pk, "title": title, "magnet": f"magnet:?xt=urn:btih:{pk:040x}", "hash": f"{pk:040x}",
            "hash_v1": f"{pk:040x}", "hash_v2": None, "category": 3, "publisher": 1, "team": None,
            "tags": (), "size_bytes": 5 * MIB, "file_count": 2, "files_summary": "", "dht_status": "Active",
             "seeds_band": "unknown", "missing_since": None, "seen_at": None, "peers": None, "checked_at": None, "published_at": "2025-01-02T00:00:00+00:00",
            "updated_at": "2025-01-02T00:00:00+00:00", "summary": "",
            "became_public_at": "2025-01-02T00:00:00+00:00",
        }
        | more
    )  # fmt: skip


@pytest.fixture
def publish(tmp_path, configure, serve):
    """`publish(entry, file_names)`: serve the page in two languages, and the index; its address."""
    configure(
        site_languages=("en", "zh-hans"), site_title="Shelf", public_baseurl="https://host.example/repo/",
    )  # fmt: skip
    site = tmp_path / "www" / "repo"

    def run(resources, file_names=(), edit=lambda file: file.body):
        chunk = tmp_path / "chunk.json"
        pages = [
            page(TAXONOMY, dict.fromkeys(TAXONOMY.categories, 1)),
            Page("/about/", "about", "", {"count": 1}),
        ]
        chunk.write_bytes(b"[" + b",".join(each.json for each in pages) + b"]")
        report = hugo.Report()
        hugo.render([chunk], site, tmp_path / "work", report)
        assert report.set_aside == []
        docs = [document(each, TAXONOMY, file_names) for each in resources]
        for file in [*hugo.own_files(), *index.whole(docs)]:
            path = site / file.address.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(edit(file))
        return serve(tmp_path / "www", handler=StrictHandler) + "/repo/"

    return run


@contextmanager
def searching(root, query=""):
    """A tab at the page; whatever it says on the console is a fault."""
    with visit() as seen:
        seen.root = root
        ask(seen, query)
        yield seen
        assert seen.told == []


def ask(seen, query, language=""):
    """Go to an address; the titles found there."""
    seen.page.goto(f"{seen.root}{language}search/{query}")
    return titles(seen.page)


def titles(tab):
    """What is shown when the search has ended."""
    tab.wait_for_function(
        "() => { const { textContent, dataset } = document.getElementById('state');"
        " return textContent && textContent !== dataset.busy; }"
    )
    return tab.locator("#results .name").all_inner_texts()


def state(seen):
    return seen.page.locator("#state").inner_text()


def test_words_are_found_without_accents_by_their_beginnings_newest_first(publish):
    root = publish(
        [
            entry(1, "Café del Mar"),
            entry(2, "Caféteria", summary="of the sea"),
            entry(3, "Mare", tags=("Cafe Noir",)),
            entry(70_000, "A cafe in the newest segment"),
        ]
    )

    with searching(root) as seen:
        assert state(seen).startswith("Type words")
        assert ask(seen, "?q=CAFE") == [
            "A cafe in the newest segment",
            "Mare",
            "Caféteria",
            "Café del Mar",
        ]
        assert state(seen) == "4 resources found"
        assert ask(seen, "?q=cafe+mar") == ["Mare", "Café del Mar"]
        assert ask(seen, "?q=%22cafe%22+mar") == ["Mare", "Café del Mar"]
        assert ask(seen, "?q=%22mar%22") == ["Café del Mar"]
        assert ask(seen, "?q=“del+mar”") == ["Café del Mar"]
        assert ask(seen, "?q=%22mar+del%22") == []
        assert state(seen) == "Nothing was found. Fewer words or filters may help."
        assert not seen.page.get_by_role("button", name="Search again").is_visible()
        assert ask(seen, "?q=c") == []


def test_rows_show_text_as_text_and_lead_to_pages_of_the_language(publish):
    link = f"magnet:?xt=urn:btih:{7:040x}&dn={quote(HOSTILE)}&tr=udp%3A%2F%2Ft.example%3A1&ws=https%3A%2F%2Fw.example"
    shown = {"summary": HOSTILE, "tags": ("C++", "x"), "size_bytes": 3 * GIB, "magnet": link}
    root = publish([entry(7, HOSTILE, category=2, **shown)])

    with searching(root) as seen:
        tab = seen.page
        assert ask(seen, "?q=onerror", "zh-hans/") == [HOSTILE]
        links = tab.locator("#results a").evaluate_all(
            "links => links.map((a) => a.getAttribute('href'))"
        )
        assert links == [
            "/repo/zh-hans/resources/7/",
            "/repo/zh-hans/categories/books/%E5%8F%A4%E5%85%B8%E6%96%87%E5%AD%A6/",
            "/repo/zh-hans/tags/c-plus-plus/",
            "/repo/zh-hans/tags/x/",
            link,
        ]
        assert tab.locator("#results .gist").inner_text() == HOSTILE
        assert tab.locator("#results .facts").inner_text().split("\n") == ["3.00 GiB", "2 个文件"]
        assert tab.locator("#results .state").inner_text().split("\n") == ["活跃", "2025-01-02"]
        assert state(seen) == "找到 1 份资源"


def test_all_true_substrings_in_chinese_are_found_and_nothing_else(publish):
    texts = [
        "中华人民共和国史",
        "人民中华共和",
        "共和国人民",
        "国史馆藏本草纲目",
        "本草 纲目",
        "データ図書館の本",
        "史",
    ]
    resources = [entry(n, text) for n, text in enumerate(texts[:4], 1)]
    resources += [entry(n, "x", summary=text) for n, text in enumerate(texts[4:6], 5)]
    resources += [entry(7, "x", tags=(texts[6],)), entry(8, "y", category=2, publisher=2)]
    whole = "\n".join([*texts, "古典文学", "数字图书馆"])
    every = {whole[i : i + n] for n in range(1, 7) for i in range(len(whole) - n + 1)}
    queries = sorted(query for query in every if not set(query) & set("\n xデータ"))
    fields = {n: [text] for n, text in enumerate(texts, 1)} | {8: ["古典文学", "数字图书馆"]}
    root = publish(resources)

    with searching(root) as seen:
        found = seen.page.evaluate(
            """async (queries) => {
              const { Index, queryOf } = await import("/repo/assets/search-index.js");
              const { Fold } = await import("/repo/assets/fold.js");
              const fold = await Fold.open("/repo/assets/fold-table.json", "/repo/assets/fold-han.json");
              const index = await new Index("/repo/").open();
              const trails = new Map([[2, ["Books", "古典文学"]]]);
              return Promise.all(queries.map(async (q) => {
                const ids = [];
                for await (const row of index.rows(await queryOf({ q }, trails, fold), {})) { ids.push(row.id); }
                return ids;
              }));
            }""",
            queries,
        )

    assert len(queries) > 100
    assert dict(zip(queries, found, strict=True)) == {
        query: [
            n for n in sorted(fields)[::-1] if any(fold(query) in fold(text) for text in fields[n])
        ]
        for query in queries
    }


def test_filters_stand_in_the_address_and_the_back_button_undoes_them(publish):
    base = entry(
        1, "Old book", category=2, size_bytes=2 * GIB, published_at="2021-01-01T00:00:00+00:00"
    )
    root = publish(
        [
            base,
            replace(base, id=2, title="Stale book", dht_status="Stale", tags=("C++",)),
            entry(3, "New book", category=1, publisher=2),
            entry(4, "Song", size_bytes=None, team=1),
        ]
    )

    with searching(root, "?q=book") as seen:
        tab = seen.page
        tab.get_by_role("combobox", name="Category").select_option("1")
        assert titles(tab) == ["New book", "Stale book", "Old book"]
        tab.get_by_role("combobox", name="Category").select_option("2")
        assert titles(tab) == ["Stale book", "Old book"]
        tab.get_by_role("combobox", name="Health").select_option("Stale")
        assert titles(tab) == ["Stale book"]
        assert tab.url.endswith("/search/?q=book&category=2&health=stale")
        tab.go_back()
        assert titles(tab) == ["Stale book", "Old book"]
        assert tab.get_by_role("combobox", name="Health").input_value() == ""
        tab.reload()
        assert titles(tab) == ["Stale book", "Old book"]

        assert ask(seen, "?year=2021") == ["Stale book", "Old book"]
        assert tab.get_by_role("combobox", name="Year").evaluate(
            "(list) => [...list.options].map((o) => o.value)"
        ) == ["", "2025", "2021"]
        assert ask(seen, "?size=3") == ["Stale book", "Old book"]
        assert ask(seen, "?size=0") == ["Song"]
        assert ask(seen, "?publisher=数字图书馆") == ["New book"]
        assert ask(seen, "?team=night-shift") == ["Song"]
        assert ask(seen, "?tag=c-plus-plus&q=book") == ["Stale book"]
        tab.get_by_role("button", name="Remove this filter: Tag: c-plus-plus").click()
        assert titles(tab) == ["New book", "Stale book", "Old book"]
        assert tab.url.endswith("/search/?q=book")


def test_all_filters_are_named_and_can_be_taken_away_even_unknown_ones(publish):
    root = publish([entry(1, "Old book", category=2), entry(2, "Song")])
    asked = "?category=2&health=bogus&year=1999&size=1&tag=x&publisher=y&team=z&sort=name"

    with searching(root, asked) as seen:
        tab = seen.page
        assert titles(tab) == []
        assert state(seen) == "Nothing was found. Fewer words or filters may help."
        assert tab.locator("#chips button").all_inner_texts() == [
            "Category: Books / 古典文学 ×", "Health: bogus ×", "Year: 1999 ×",
            "Size: below 100 MiB ×", "Tag: x ×", "Publisher: y ×", "Team: z ×",
        ]  # fmt: skip
        assert tab.get_by_role("combobox", name="Health").input_value() == "bogus"
        assert tab.get_by_role("combobox", name="Order").input_value() == ""
        for name in ("Health: bogus", "Year: 1999", "Tag: x", "Publisher: y", "Team: z"):
            tab.get_by_role("button", name=f"Remove this filter: {name}").click()
        assert titles(tab) == ["Old book"]
        assert tab.url.endswith("/search/?category=2&size=1")
        tab.get_by_role("button", name="Remove this filter: Category").click()
        assert titles(tab) == ["Song", "Old book"]
        # names that every object has are words like others
        assert ask(seen, "?q=constructor&year=__proto__&tag=toString&__proto__=x") == []
        assert ask(seen, "?q=old&__proto__[year]=1999&constructor=x") == ["Old book"]


def test_typing_searches_after_a_pause_and_enter_at_once(publish):
    root = publish([entry(1, "Alpha"), entry(2, "Beta")])

    with searching(root) as seen:
        seen.page.get_by_label("What are you looking for?").press_sequentially("bet")
        seen.page.wait_for_url("**/search/?q=bet")
        assert titles(seen.page) == ["Beta"]
        seen.page.get_by_label("What are you looking for?").fill("alp")
        seen.page.keyboard.press("Enter")
        assert titles(seen.page) == ["Alpha"]
        assert seen.page.url.endswith("?q=alp")


def test_file_names_are_found_only_when_asked_for(publish):
    root = publish([entry(1, "Work")], ["Track 01 Überfluß.flac", "读我第一.txt"])

    with searching(root, "?q=uberfl") as seen:
        assert titles(seen.page) == []
        seen.page.get_by_label("Look among file names too").check()
        assert titles(seen.page) == ["Work"]
        assert ask(seen, "?q=读我第一+work&names=1") == ["Work"]


def test_nothing_found_offers_to_look_among_file_names(publish):
    root = publish([entry(1, "Work")], ["Track 01.flac"])

    with searching(root, "?q=track") as seen:
        again = seen.page.get_by_role("button", name="Search again with file names")
        assert state(seen) == "Nothing was found. File names have not been looked at."
        again.click()
        seen.page.wait_for_url("**/search/?q=track&names=1")
        assert titles(seen.page) == ["Work"]
        assert seen.page.get_by_label("Look among file names too").is_checked()
        assert not again.is_visible()
        assert ask(seen, "?q=nowhere&names=1") == []
        assert state(seen) == "Nothing was found. Fewer words or filters may help."
        assert not again.is_visible()


def test_hashes_are_found_by_their_beginning_whole_and_in_a_magnet_link(publish):
    v1, v2 = "abcdef0123" + "0" * 30, "fedcba9876" + "1" * 54
    twin = "abcdef0123" + "0" * 29 + "1"
    base32 = b32encode(bytes.fromhex(v1)).decode()
    root = publish(
        [entry(1, "One", hash=v1, hash_v1=v1, hash_v2=v2), entry(2, "Two", hash=twin, hash_v1=twin)]
    )

    with searching(root) as seen:
        assert ask(seen, "?q=ABCDEF") == ["Two", "One"]
        assert ask(seen, "?q=abcde") == []
        assert ask(seen, f"?q={v1}") == ["One"]
        assert ask(seen, f"?q={v2[:30]}") == ["One"]
        assert ask(seen, f"?q=magnet:?xt=urn:btmh:1220{v2}%26dn=x") == ["One"]
        assert ask(seen, f"?q=1220{v2}") == ["One"]
        assert ask(seen, f"?q={base32}") == ["One"]
        assert ask(seen, f"?q=magnet:?xt=urn:btih:{base32.lower()}%26dn=x") == ["One"]


def test_more_goes_back_to_older_segments_only_when_asked(publish):
    def grown(file):
        """As if each segment were full."""
        return (
            file.body.replace(b'"2025":12', b'"2025":10000')
            if file.address == manifest.ADDRESS
            else file.body
        )

    resources = [
        entry(segment * 10_000 + n, f"Old song {n:02} of {segment}")
        for segment in (0, 5)
        for n in range(12)
    ]
    root = publish(resources, edit=grown)

    with searching(root, "?q=song") as seen:
        assert state(seen) == "At least 12 resources found"
        assert not [address for address in seen.asked if "/search/0/" in address]
        seen.page.get_by_role("button", name="Show more").click()
        seen.page.get_by_role("link", name="Old song 04 of 0", exact=True).wait_for()
        assert state(seen) == "24 resources found"
        assert seen.page.evaluate("document.activeElement.textContent") == "Old song 01 of 5"
        seen.page.get_by_role("button", name="Show more").click()
        seen.page.get_by_role("link", name="Old song 00 of 0", exact=True).wait_for()
        assert titles(seen.page) == [each.title for each in reversed(resources)]
        assert not seen.page.get_by_role("button", name="Show more").is_visible()


def test_largest_come_first_if_asked(publish):
    sizes = [3 * GIB, None, 0, 3 * GIB + 1, 900 * GIB, 5, 1 << 52, 700 * MIB]
    root = publish(
        [entry(n * 9_000, f"Song {n}", size_bytes=size) for n, size in enumerate(sizes, 1)]
    )

    with searching(root, "?q=song&sort=size") as seen:
        assert titles(seen.page) == [f"Song {n}" for n in (7, 5, 4, 1, 8, 6, 3, 2)]
        assert ask(seen, "?sort=size") == [f"Song {n}" for n in (7, 5, 4, 1, 8, 6, 3, 2)]


def test_a_site_published_meanwhile_is_looked_at_anew_and_a_failure_is_told(publish, tmp_path):
    root = publish([entry(1, "First song")], ["name.txt"])
    search = tmp_path / "www" / "repo" / "search"

    with visit() as seen:
        seen.root = root
        os.utime(search / "manifest.json", (1, 1))  # the server tells times in seconds
        assert ask(seen, "?q=song") == ["First song"]
        publish([entry(10_001, "Second song")])
        shutil.rmtree(search / "0")
        seen.page.get_by_label("Look among file names too").check()
        assert titles(seen.page) == ["Second song"]

        (search / "manifest.json").unlink()
        assert ask(seen, "?q=song") == []
        assert state(seen).startswith("The search could not be loaded.")


def test_without_javascript_the_page_says_so(publish):
    root = publish([entry(1, "Song")])

    with searching(root) as seen:
        assert not seen.page.get_by_text("needs JavaScript").is_visible()
        assert seen.page.locator("#search").is_visible()
        bare = seen.page.context.browser.new_context(java_script_enabled=False).new_page()
        bare.goto(f"{root}zh-hans/search/?q=x")
        assert "需要启用 JavaScript" in bare.locator("main .empty:visible").inner_text()
        links = bare.locator("main a:visible").evaluate_all(
            "links => links.map((a) => a.getAttribute('href'))"
        )
        assert links == ["/repo/zh-hans/categories/", "/repo/zh-hans/tags/"]
        assert not bare.locator("#search").is_visible()


def test_the_box_in_the_header_leads_to_the_page(publish):
    root = publish([entry(1, "Song of the 图书馆")])

    with searching(root) as seen:
        seen.page.goto(f"{root}zh-hans/about/")
        seen.page.get_by_role("searchbox").fill("图书馆 song")
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_url("**/repo/zh-hans/search/?q=*")
        assert titles(seen.page) == ["Song of the 图书馆"]
        assert seen.page.get_by_role("searchbox").input_value() == "图书馆 song"
