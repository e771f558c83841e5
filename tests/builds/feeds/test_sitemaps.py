from __future__ import annotations

from xml.etree import ElementTree

import pytest

from builds.feeds import sitemaps

NAMESPACE = f"{{{sitemaps.NAMESPACE}}}"


@pytest.fixture(autouse=True)
def two_languages(configure):
    configure(public_baseurl="https://host.example/repo/", site_languages=("en", "zh-hans"))


def links(file, root="urlset", each="url"):
    """The addresses that a file names; it has nothing else."""
    top = ElementTree.fromstring(file.body)
    assert top.tag == NAMESPACE + root
    assert {row.tag for row in top} <= {NAMESPACE + each}
    assert all([child.tag for child in row] == [f"{NAMESPACE}loc"] for row in top)
    return [row[0].text for row in top]


def test_resources_are_named_in_every_language_in_the_order_of_their_ids():
    file = sitemaps.resources(2, [50_001, 50_000])

    assert file.address == "/sitemaps/resources-2.xml"
    assert links(file) == [
        "https://host.example/repo/resources/50000/",
        "https://host.example/repo/resources/50001/",
        "https://host.example/repo/zh-hans/resources/50000/",
        "https://host.example/repo/zh-hans/resources/50001/",
    ]


@pytest.mark.parametrize(("languages", "ids"), [(("en",), 50_000), (("en", "zh-hans"), 25_000)])
def test_full_part_has_all_that_a_sitemap_may_have(configure, languages, ids):
    configure(site_languages=languages)

    file = sitemaps.resources(1, range(ids, 2 * ids))

    assert [sitemaps.part_of(n) for n in (ids - 1, ids, 2 * ids - 1, 2 * ids)] == [0, 1, 1, 2]
    assert file.body.count(b"<loc>") == 50_000
    assert len(file.body) < 50 * 2**20


def test_pages_are_percent_encoded_and_escaped_and_the_missing_page_is_left_out():
    [file] = sitemaps.lists(["/", "/tags/公共 & <b>/", "/404.html"])

    tag = "tags/%E5%85%AC%E5%85%B1%20%26%20%3Cb%3E/"
    assert file.address == "/sitemaps/pages-1.xml"
    assert links(file) == [
        "https://host.example/repo/",
        f"https://host.example/repo/{tag}",
        "https://host.example/repo/zh-hans/",
        f"https://host.example/repo/zh-hans/{tag}",
    ]


def test_pages_are_cut_into_files_of_fifty_thousand():
    pages = [f"/tags/{number}/" for number in range(25_001)]

    files = sitemaps.lists(pages)

    assert [file.address for file in files] == ["/sitemaps/pages-1.xml", "/sitemaps/pages-2.xml"]
    assert [file.body.count(b"<loc>") for file in files] == [50_000, 2]


def test_index_names_all_files():
    file = sitemaps.index(["/sitemaps/pages-1.xml", "/sitemaps/resources-0.xml"])

    assert file.address == "/sitemap.xml"
    assert links(file, "sitemapindex", "sitemap") == [
        "https://host.example/repo/sitemaps/pages-1.xml",
        "https://host.example/repo/sitemaps/resources-0.xml",
    ]


def test_robots_may_read_all_and_are_told_of_the_sitemap():
    file = sitemaps.robots()

    assert file.address == "/robots.txt"
    assert file.body.decode().splitlines() == [
        "User-agent: *",
        "Allow: /",
        "Sitemap: https://host.example/repo/sitemap.xml",
    ]


def test_site_without_host_has_links_from_its_root_and_names_no_sitemap(configure):
    configure(public_baseurl="/repo/")

    assert links(sitemaps.resources(0, [1])) == ["/repo/resources/1/", "/repo/zh-hans/resources/1/"]
    assert sitemaps.robots().body == b"User-agent: *\nAllow: /\n"
