"""The integrated site: files as they are now, nothing outside of them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from django.test import Client

from builds.data import browser_policy
from tests import make, operators, routes


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


@pytest.mark.django_db
def test_every_answer_has_the_sites_own_headers(client, public):
    for path in ("/", "/feed.xml", "/nothing/", "/tags/公共领域"):
        answer = client.get(path)
        answer.close()
        wanted = browser_policy.HEADERS | {
            "Cache-Control": "public, no-cache",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        assert {name: answer.headers.get(name) for name in wanted} == wanted
        assert answer.cookies == {}


@pytest.mark.django_db
def test_what_is_asked_for_by_its_digest_may_be_kept_for_ever(client, public):
    (public / "assets").mkdir()
    (public / "assets" / "site.css").write_text("body{}")
    digest = hashlib.sha256(b"body{}").hexdigest()[:10]

    def kept(query: str) -> str:
        answer = client.get(f"/assets/site.css{query}")
        answer.close()
        return answer["Cache-Control"]

    assert kept(f"?v={digest}") == "public, max-age=31536000, immutable"
    assert [kept(query) for query in ("", "?v=", "?v=0", f"?v={'0' * 10}")] == [
        "public, no-cache"
    ] * 4


# -- a name of its own

SITE_HOST, PRIVATE_HOST = "catalog.example.org", "testserver"


@pytest.fixture
def named(public, configure, settings):
    configure(site_host=SITE_HOST)
    settings.ALLOWED_HOSTS = [PRIVATE_HOST, SITE_HOST]
    (public / "assets").mkdir()
    (public / "assets" / "site.css").write_text("body{}")
    return public


@pytest.mark.django_db
@pytest.mark.parametrize(
    "host", [SITE_HOST, f"{SITE_HOST}:8000", f"{SITE_HOST}.", SITE_HOST.upper()]
)
def test_nothing_private_is_at_the_sites_name(named, host):
    """Neither with an operator's session nor with an Admin's token."""
    token = make.auth(make.admin())["headers"]
    for browser, headers in ((operators.client(), {}), (Client(), token)):
        for path in [*routes.addresses(), "/static/ghost/mark.svg"]:
            for method in ("get", "post") if host == SITE_HOST else ("get",):
                answer = getattr(browser, method)(path, headers=headers, HTTP_HOST=host)
                expected = (404, b"own 404") if method == "get" else (405, b"")
                assert (path, answer.status_code, answer.content) == (path, *expected)
                assert answer.cookies == {}
                assert "X-Frame-Options" in answer


def test_the_site_is_at_its_name_alone(client, named):
    for path in named.rglob("*"):
        if path.is_file():
            address = "/" + path.relative_to(named).as_posix()
            there = client.get(address, HTTP_HOST=SITE_HOST)
            assert (there.status_code, body(there)) == (200, path.read_text())
            elsewhere = client.get(address, HTTP_HOST=PRIVATE_HOST)
            assert (address, elsewhere.status_code) == (address, 404)
            assert path.read_bytes() not in elsewhere.content
    assert body(client.get("/", HTTP_HOST=SITE_HOST)) == "home"
    assert client.get("/", HTTP_HOST=PRIVATE_HOST)["Location"] == "/admin/"


@pytest.mark.parametrize("host", ["other.example", f"x.{SITE_HOST}", f"{SITE_HOST}@evil.example"])
def test_any_other_name_is_refused(client, named, host):
    for path in ("/", "/admin/", "/api/resources", "/feed.xml"):
        assert client.get(path, HTTP_HOST=host).status_code == 400


def test_a_forwarded_name_leads_nowhere_else(client, named):
    answer = client.get("/admin/", HTTP_HOST=SITE_HOST, HTTP_X_FORWARDED_HOST=PRIVATE_HOST)

    assert answer.status_code == 404


def test_the_site_is_led_to_tls_too(client, named, configure):
    configure(behind_tls=True)

    answer = client.get("/feed.xml", HTTP_HOST=SITE_HOST)

    assert (answer.status_code, answer["Location"]) == (301, f"https://{SITE_HOST}/feed.xml")
    assert body(client.get("/feed.xml", HTTP_HOST=SITE_HOST, secure=True)) == "<rss/>"


def test_before_the_first_build_its_name_tells_nothing_of_the_admin(
    client, named, configure, tmp_path
):
    configure(site_workdir=tmp_path / "nothing")

    alone = client.get("/", HTTP_HOST=SITE_HOST, headers={"Accept-Language": "zh-hans"})
    configure(site_host="")
    beside = client.get("/")

    assert (alone.status_code, beside.status_code) == (503, 503)
    assert "admin" not in alone.content.decode()
    assert "/admin/" in beside.content.decode()
    assert "站点" in alone.content.decode()
