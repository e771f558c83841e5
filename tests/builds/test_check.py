from __future__ import annotations

import pytest

from builds import check
from ghost.errors import OutageError


@pytest.fixture
def site(tmp_path):
    (tmp_path / "tags" / "a b").mkdir(parents=True)
    (tmp_path / "tags" / "a b" / "index.html").write_text("<p>words</p>")
    (tmp_path / "site.css").write_text("")
    return tmp_path


def checked(site, body="", pages=("/", "/tags/a b/"), set_aside=()):
    (site / "index.html").write_text(body)
    return check.check(site, pages, ["/site.css"], set_aside)


@pytest.mark.parametrize(
    "body",
    [
        '<a href="/tags/a%20b/">a</a><link rel=stylesheet href="/site.css?v=1"><img src=/site.css>',
        "<a href='#top'>a</a><a href='magnet:?xt=1'>a</a><a href=\"//host/x\">a</a>",
        '<p>a text may say href="/nowhere/" and &lt;a href="/nowhere/"&gt; and #ZgotmplZ</p>',
        "<p title='<a href=\"/nowhere/\">'>x</p><a title=\"x href=/nowhere/ src='y'\">x</a>",
    ],
)
def test_a_whole_site_passes(site, body):
    assert checked(site, body) == 3


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('<a href="/nowhere/">', "1 broken: index.html → /nowhere/"),
        ('<a class="x>y" href="/nowhere/">', "1 broken: index.html → /nowhere/"),
        ('<img src="cat.png">', "1 broken: index.html → cat.png"),
        ('<a href="#ZgotmplZ">', "1 broken: index.html → #ZgotmplZ"),
        ("<a\nhref=/nowhere/>", "1 broken: index.html → /nowhere/"),
    ],
)
def test_a_dead_link_is_named(site, body, told):
    with pytest.raises(OutageError) as refused:
        checked(site, body)

    assert str(refused.value) == told


def test_links_start_at_the_base_path(site, configure):
    configure(public_baseurl="https://host.example/repo/")

    checked(site, '<a href="/repo/tags/a%20b/"><link href="https://host.example/repo/site.css">')
    with pytest.raises(OutageError, match=r"1 broken: index\.html → /tags/a%20b/"):
        checked(site, '<a href="/tags/a%20b/">')
    with pytest.raises(OutageError, match=r"1 broken: index\.html → https://host\.example/repo/x"):
        checked(site, '<link href="https://host.example/repo/x">')


def test_a_missing_file_is_named(site):
    with pytest.raises(OutageError, match=r"^1 missing: tags/c/index\.html$"):
        checked(site, pages=("/", "/tags/a b/", "/tags/c/"))


def test_a_file_too_many_is_named(site):
    (site / "secret.txt").write_text("")

    with pytest.raises(OutageError, match=r"^1 not asked for: secret\.txt$"):
        checked(site)


def test_what_was_set_aside_may_be_linked_to(site):
    pages = ("/", "/tags/a b/", "/tags/c/")

    assert checked(site, '<a href="/tags/c/">', pages, set_aside=["/tags/c/"]) == 3
