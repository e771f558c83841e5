from __future__ import annotations

import pytest

from builds.run import Progress
from builds.tree import check
from ghost.core.errors import OutageError

FILES = ["index.html", "tags/a b/index.html", "site.css"]


@pytest.fixture
def site(tmp_path):
    (tmp_path / "tags" / "a b").mkdir(parents=True)
    (tmp_path / "tags" / "a b" / "index.html").write_text("<p>words</p>")
    (tmp_path / "site.css").write_text("")
    return tmp_path


def checked(site, body="", files=FILES, absent=()):
    (site / "index.html").write_text(body)
    sizes = check.require_files(site, set(files))
    check.require_links(site, sizes, set(absent), Progress())
    return len(sizes), sum(sizes.values())


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
    assert checked(site, body) == (3, len(body.encode()) + len("<p>words</p>"))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('<a href="/nowhere/">', "1 link is broken: index.html → /nowhere/"),
        ('<a class="x>y" href="/nowhere/">', "1 link is broken: index.html → /nowhere/"),
        ('<img src="cat.png">', "1 link is broken: index.html → cat.png"),
        ('<a href="#ZgotmplZ">', "1 link is broken: index.html → #ZgotmplZ"),
        ("<a\nhref=/nowhere/>", "1 link is broken: index.html → /nowhere/"),
    ],
)
def test_a_dead_link_is_named(site, body, told):
    with pytest.raises(OutageError) as refused:
        checked(site, body)

    assert str(refused.value) == told


def test_links_start_at_the_base_path(site, configure):
    configure(public_baseurl="https://host.example/repo/")

    checked(site, '<a href="/repo/tags/a%20b/"><link href="https://host.example/repo/site.css">')
    with pytest.raises(OutageError, match=r"1 link is broken: index\.html → /tags/a%20b/"):
        checked(site, '<a href="/tags/a%20b/">')
    with pytest.raises(
        OutageError, match=r"1 link is broken: index\.html → https://host\.example/repo/x"
    ):
        checked(site, '<link href="https://host.example/repo/x">')


def test_a_missing_file_is_named(site):
    with pytest.raises(OutageError, match=r"^1 file is missing: tags/c/index\.html$"):
        checked(site, files=[*FILES, "tags/c/index.html"])


def test_a_file_too_many_is_named(site):
    (site / "secret.txt").write_text("")

    with pytest.raises(OutageError, match=r"^1 file was not asked for: secret\.txt$"):
        checked(site)


def test_what_was_set_aside_may_be_linked_to(site):
    link = '<a href="/tags/c/">'

    assert checked(site, link, absent=["tags/c/index.html"])[0] == 3
    with pytest.raises(OutageError, match="1 link is broken"):
        checked(site, link)


def test_links_to_one_missing_page_are_counted_on_each_page(site):
    (site / "tags" / "a b" / "index.html").write_text('<a href="/x/"><a href="/x/">')

    with pytest.raises(OutageError) as refused:
        checked(site, '<a href="/x/">')

    told = str(refused.value)
    assert told.startswith("2 links are broken: ")
    assert sorted(told.removeprefix("2 links are broken: ").split("; ")) == [
        "index.html → /x/", "tags/a b/index.html → /x/",
    ]  # fmt: skip


# -- what a delta brings


@pytest.fixture
def patch(site, tmp_path_factory):
    """`patch(files, removed=…)`: check a patch of these files."""
    (site / "index.html").write_text("")

    def require(files, *, wanted=None, removed=(), absent=()):
        new = tmp_path_factory.mktemp("new")
        for name, body in files.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_text(body)
        wanted = files if wanted is None else wanted
        check.require_patch(new, site, wanted, removed, set(absent))

    return require


def test_a_patch_may_link_to_what_it_brings_and_to_what_stays(patch):
    patch({"c/index.html": '<a href="/d/"><a href="/tags/a%20b/"><a href="/">', "d/index.html": ""})


@pytest.mark.parametrize("link", ["/nowhere/", "/tags/a%20b/"])
def test_a_patch_may_not_link_to_what_is_nowhere_or_goes(patch, link):
    with pytest.raises(check.MismatchError) as refused:
        patch({"c/index.html": f'<a href="{link}">'}, removed=["tags/a b/index.html"])

    assert str(refused.value) == f"1 link is broken: c/index.html → {link}"


def test_a_patch_may_link_to_what_it_brings_anew_in_place_of_what_goes(patch):
    patch(
        {"c/index.html": '<a href="/tags/a%20b/">', "tags/a b/index.html": ""},
        removed=["tags/a b/index.html"],
    )


def test_a_patch_may_link_to_what_was_set_aside(patch):
    patch({"c/index.html": '<a href="/d/">'}, absent=["d/index.html"])


def test_a_patch_has_exactly_the_wanted_files(patch):
    with pytest.raises(check.MismatchError, match=r"^1 file is missing: d/index\.html$"):
        patch({"c/index.html": ""}, wanted=["c/index.html", "d/index.html"])
    with pytest.raises(check.MismatchError, match=r"^1 file was not asked for: c/index\.html$"):
        patch({"c/index.html": ""}, wanted=[])
