from __future__ import annotations

import pytest

from builds import markdown, texts
from builds.markdown import Rendered
from builds.texts import Texts
from tests import make


@pytest.fixture
def renderings(monkeypatch):
    """The texts that were really rendered, in order."""
    real, seen = markdown.render, []
    monkeypatch.setattr(markdown, "render", lambda text: seen.append(text) or real(text))
    return seen


@pytest.fixture
def files(settings):
    """`files()`: what the cache holds."""
    return lambda: list((settings.GHOST.site_workdir / "cache").glob("*/*"))


def test_a_text_is_rendered_once_over_builds(build, renderings):
    row = make.resource(content_markdown="Some *words*.")

    public = build()
    build(force=True)

    assert renderings == ["Some *words*."]
    assert "Some <em>words</em>." in (public / f"resources/{row.pk}/index.html").read_text()


def test_a_text_that_the_last_build_did_not_show_is_forgotten(build, files):
    row = make.resource(content_markdown="old")
    build()
    row.content_markdown = "new"
    row.store()

    build()

    assert len(files()) == 1
    assert "new" in files()[0].read_text()


@pytest.mark.parametrize("damage", [b"", b"[1]", b"{", b"\0\0", b'"ab'])
def test_a_damaged_file_is_made_anew(files, renderings, damage):
    Texts().render("a")
    files()[0].write_bytes(damage)

    assert Texts().render("a") == Rendered("<p>a</p>\n", "a")
    assert Texts().render("a") == Rendered("<p>a</p>\n", "a")
    assert renderings == ["a", "a"]


def test_another_renderer_renders_anew(renderings, monkeypatch):
    Texts().render("a \ud800")
    monkeypatch.setattr(texts, "_renderer", lambda: b"another")

    Texts().render("a \ud800")

    assert len(renderings) == 2
