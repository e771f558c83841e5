from __future__ import annotations

import pytest

from builds.data import urls


@pytest.mark.parametrize(
    ("shown", "address", "code"),
    [
        ("/resources/1/", "/resources/1/", "en"),
        ("/zh-hans/resources/1/", "/resources/1/", "zh-hans"),
        ("/zh-hans/", "/", "zh-hans"),
        ("/zh-hanser/", "/zh-hanser/", "en"),
    ],
)
def test_an_address_is_taken_apart_from_its_language(configure, shown, address, code):
    configure(site_languages=("en", "zh-hans"))

    found, language = urls.without_language(shown)

    assert (found, language.code) == (address, code)


@pytest.mark.parametrize(
    ("base", "link"),
    [
        ("https://host.example/repo/", "https://host.example/repo/tags/a%20b/"),
        ("/repo/", "/repo/tags/a%20b/"),
        ("/", "/tags/a%20b/"),
    ],
)
def test_links_have_the_base_and_the_host_where_it_is_known(configure, base, link):
    configure(public_baseurl=base)

    assert urls.link("/tags/a b/") == link


@pytest.mark.parametrize(
    ("address", "file"),
    [("/", "index.html"), ("/tags/公/", "tags/公/index.html"), ("/404.html", "404.html")],
)
def test_pages_lie_in_folders_and_files_where_they_say(address, file):
    assert urls.file_of(address) == file
