"""The integrated site: files as they are now, nothing outside of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def public(configure, tmp_path):
    configure(deploy_mode="integrated", site_workdir=tmp_path / "work")
    folder = tmp_path / "work" / "public"
    (folder / "tags" / "公共领域").mkdir(parents=True)
    (folder / "index.html").write_text("home")
    (folder / "404.html").write_text("own 404")
    (folder / "tags" / "公共领域" / "index.html").write_text("公共领域")
    (folder / "feed.xml").write_text("<rss/>")
    (tmp_path / "work" / "secret.txt").write_text("secret")
    return folder


def body(response) -> str:
    return b"".join(response).decode()


@pytest.mark.parametrize(
    ("path", "expected", "kind"),
    [
        ("/", "home", "text/html; charset=utf-8"),
        ("/tags/公共领域/", "公共领域", "text/html; charset=utf-8"),
        ("/feed.xml", "<rss/>", "charset=utf-8"),
    ],
)
def test_serve_gives_the_file(client, public, path, expected, kind):
    response = client.get(path)

    assert (response.status_code, body(response)) == (200, expected)
    assert response["Content-Type"].endswith(kind)
    assert "unsafe" not in response["Content-Security-Policy"]


def test_serve_leads_a_folder_to_its_slash(client, public):
    response = client.get("/tags/公共领域")

    assert response.status_code == 301
    assert body(client.get(response["Location"])) == "公共领域"


@pytest.mark.parametrize(
    "path", ["/nothing/", "/../secret.txt", "/%2e%2e/secret.txt", "/a%00b", "/" + "a" * 3900]
)
def test_serve_answers_the_sites_own_404(client, public, path):
    response = client.get(path)

    assert (response.status_code, body(response)) == (404, "own 404")


def test_serve_answers_404_in_the_language_asked_for(client, public):
    (public / "zh-hans").mkdir()
    (public / "zh-hans" / "404.html").write_text("没有")

    assert body(client.get("/zh-hans/nothing/")) == "没有"


def test_serve_takes_no_absolute_path(client, public):
    """Not even one that lies in the site: it would tell where the site lies."""
    for path in (f"/{public}/index.html", f"/{public}/tags"):
        assert client.get(path).status_code == 404


@pytest.mark.django_db
def test_serve_answers_304_when_nothing_changed(client, public):
    first = client.get("/")
    first.close()

    again = client.get("/", headers={"If-Modified-Since": first["Last-Modified"]})

    assert again.status_code == 304


def test_serve_finds_a_site_that_is_published_later(client, configure, tmp_path):
    configure(deploy_mode="integrated", site_workdir=tmp_path)
    assert client.get("/").status_code == 503
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "index.html").write_text("here now")

    assert body(client.get("/")) == "here now"


def test_standard_mode_serves_no_site(client, public, configure):
    configure(deploy_mode="standard")

    assert client.get("/")["Location"] == "/admin/"
    assert client.get("/feed.xml").status_code == 404


def test_head_opens_no_file(client, public, monkeypatch):
    def fail(*_args, **_kwargs):
        raise AssertionError("it was opened")

    whole = client.get("/feed.xml")
    monkeypatch.setattr(Path, "open", fail)
    head = client.head("/feed.xml")

    assert (head.status_code, body(whole)) == (200, "<rss/>")
    names = ("Content-Type", "Content-Length", "Last-Modified", "Cache-Control")
    assert [head[name] for name in names] == [whole[name] for name in names]


def test_a_file_that_goes_while_it_is_asked_for_is_missing(client, public, monkeypatch):
    opened = Path.open

    def gone(path, *args, **kwargs):
        if path.name == "feed.xml":
            raise FileNotFoundError
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", gone)

    response = client.get("/feed.xml")

    assert (response.status_code, body(response)) == (404, "own 404")


def test_what_is_no_file_is_missing(client, public):
    os.mkfifo(public / "pipe")

    assert client.get("/pipe").status_code == 404
