"""A hash that is blocked stands in no public file, whoever's texts name it, within a takedown's time."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable
from typing import Any

import pytest

from builds import tasks
from builds.engine import rollback, takedowns
from builds.models import Build, BuildState
from builds.tree import releases
from ghost.core.errors import RefusedError
from ghost.core.text import info_hashes
from resources.models import Block, Resource, findings
from resources.torrents import metadata, metainfo
from tests import make
from tests.builds.catalog import work
from tests.builds.faults import differing, tree
from tests.presence import present

pytestmark = pytest.mark.django_db
PEER = "10.0.0.1:22"
TRACKER = "http%3A%2F%2F192.168.0.1%2Fannounce"


def base32(info_hash: str) -> str:
    return base64.b32encode(bytes.fromhex(info_hash)).decode()


def magnet(info_hash: str) -> str:
    return f"magnet:?xt=urn:btih:{info_hash}&dn=zqname&x.pe={PEER}&tr={TRACKER}"


def traces(info_hash: str) -> list[str]:
    """Files of the public tree that name a hash, however that is written: as our own finder finds
    it, and as anybody who looks at their bytes, or at what a browser shows, does."""
    found = []
    for path, body in tree(releases.public()).items():
        text = f"{path} ; {body.decode(errors='replace')}"
        seen = text.lower() + re.sub("<[^>]*>|[\r\n]", "", html.unescape(text)).lower()
        is_plain = info_hash in seen or base32(info_hash).lower() in seen
        found += [path] if is_plain or info_hash in info_hashes.named(text) else []
    return found


def page(row: Resource, language: str = "") -> str:
    path = releases.public() / f"{language}resources/{row.pk}/index.html"
    return path.read_text() if path.is_file() else ""


@pytest.fixture
def site(configure, monkeypatch) -> tuple[Resource, dict[str, Resource]]:
    """A work, and others that name it: in a text, in all else that is shown, and hidden."""
    monkeypatch.setattr("builds.listings.pagination.PAGE_ROWS", 2)
    configure(site_languages=("en", "zh-hans"), build_debounce_s=0)
    named = work("Zqdoomed")
    h = named.magnet_hash
    about: dict[str, Any] = {"category": named.category, "publisher": named.publisher}
    text = f"Zqbefore [zqlink]({magnet(h)}), `{h.upper()}` and {base32(h)}. Zqafter"
    hidden = f"Zqhidden {h[:9]}*{h[9:]}* zqrest\n\nZqother"
    shown = {
        "text": work("Text", content_markdown=text, **about),
        "hidden": work("Hidden", content_markdown=hidden, **about),
        "all": work(
            f"All {h}",
            source_url=f"https://host.example/{h}",
            checksums=[{"algorithm": "sha1", "value": h, "file": ""}],
            **about,
        ),
    }
    files = (metadata.File(f"Files/{h}.iso", 10),)
    named_by_file = make.resource(title="Files", is_probed=False, **about)
    findings.record_metadata(
        named_by_file, make.torrent_metadata(named_by_file.magnet_hash, name="Files", files=files)
    )
    tasks.build_now("test")
    return named, {**shown, "files": named_by_file}


def take_down(row: Resource) -> None:
    row.alone().take_down(reason="asked", by="test")


def blocked_by_hand(row: Resource) -> None:
    row.alone().withdraw()
    Block.objects.add(row.hashes, reason="asked", by="test")


@pytest.mark.parametrize("block", [take_down, blocked_by_hand])
def test_what_is_blocked_is_named_nowhere_and_its_end_brings_it_back(site, block):
    named, others = site
    h = named.magnet_hash
    before = traces(h)
    assert {"index.html", f"resources/{others['hidden'].pk}/index.html"} <= set(before)
    block(named)

    takedowns.take_off_site()

    assert traces(h) == []
    for language in ("", "zh-hans/"):
        assert "zqlink" in page(others["text"], language)
        assert "All" in page(others["all"], language)
        assert "Files" in page(others["files"], language)
    assert "Hidden" not in page(others["hidden"])
    tasks.build_at_once()
    assert not present(Build.objects.first()).is_full
    assert traces(h) == []
    assert "zqlink, <code>…</code> and …. Zqafter" in page(others["text"])
    assert "Zqother" in page(others["hidden"])
    patched = tree(releases.public())
    tasks.build_now("test", force=True)
    assert differing(patched, tree(releases.public())) == []
    Block.objects.lift([h])
    tasks.build_now("test")
    assert h in page(others["text"])
    assert h in page(others["files"])


def test_a_build_under_way_brings_no_mention(site, monkeypatch):
    named, others = site
    others["text"].title = "Text again"
    others["text"].store()
    real = takedowns.clean_site

    def clean_site(build):
        if not named.takedown_at:
            named.take_down(reason="asked", by="test")
        return real(build)

    monkeypatch.setattr(takedowns, "clean_site", clean_site)
    tasks.build_now("test")

    assert traces(named.magnet_hash) == []
    assert "Text again" in page(others["text"])


def test_a_held_site_that_shows_a_former_text_names_it_no_more(site):
    """The text that named it was edited since; the site was put back to where it stands."""
    named, others = site
    row = others["text"]
    row.content_markdown = "Zqnothing"
    row.store()
    tasks.build_now("test")
    tasks.put_back(None, "test")
    assert "Zqbefore" in page(row)
    take_down(named)

    takedowns.take_off_site()

    assert traces(named.magnet_hash) == []
    assert BuildState.get().held_at
    with pytest.raises(RefusedError):
        rollback.to(None, "test")


def test_peers_and_addresses_of_private_networks_are_published_nowhere(site):
    _named, others = site
    one, two, three, four = (magnet(digits * 20) for digits in ("ab", "ac", "ad", "ae"))
    text = f"[a]({one}) <{two}> {three}\n\n[b]\n\n[b]: {four}"
    others["text"].content_markdown = text
    others["text"].store()

    tasks.build_now("test")

    said = page(others["text"])
    assert all(each * 20 in said for each in ("ab", "ac", "ad", "ae"))
    bodies = b"".join(tree(releases.public()).values())
    assert [each for each in (b"10.0.0.1", b"192.168.0.1", b"x.pe") if each in bodies] == []


HIDDEN = {
    "links": "[{a}](https://host.example/)[{b}](https://host.example/)",
    "empty link": "{a}[](https://host.example/){b}",
    "picture": "![{a}](https://host.example/x.png){b}",
    "reference": "[{a}][r]{b}\n\n[r]: https://host.example/",
    "no link": "[{a}](magnet:?x){b}",
    "return": "{a}\r{b}",
    "percent": "Save 10%{a}{b}",
}


@pytest.mark.parametrize("is_blocked_before", [False, True])
def test_what_only_rendering_joins_is_named_nowhere(configure, is_blocked_before):
    configure(site_languages=("en",), build_debounce_s=0)
    named = work("Zqdoomed")
    h = named.magnet_hash
    about: dict[str, Any] = {"category": named.category, "publisher": named.publisher}
    texts = {name: text.format(a=h[:20], b=h[20:]) for name, text in HIDDEN.items()}
    if is_blocked_before:
        take_down(named)
    rows = [work(name, content_markdown=text, **about) for name, text in texts.items()]
    tasks.build_now("test")
    assert bool(traces(h)) != is_blocked_before
    if not is_blocked_before:
        take_down(named)
        takedowns.take_off_site()

    assert traces(h) == []
    tasks.build_now("test", force=True)
    assert traces(h) == []
    assert all(page(row) for row in rows)


def torrent(paths: Iterable[str], comment: str = "") -> bytes:
    def said(text: str) -> bytes:
        return b"%d:%b" % (len(text), text.encode())

    files = b"".join(b"d6:lengthi1e4:pathl" + said(path) + b"ee" for path in paths)
    extra = b"7:comment" + said(comment) if comment else b""
    end = b"e4:name3:dir12:piece lengthi16384e6:pieces20:" + b"x" * 20 + b"e"
    return b"d4:infod" + extra + b"5:filesl" + files + end + b"e"


TORRENTS = {
    "comment": lambda h: torrent("ab", f"magnet:?xt=urn:btih:{h}"),
    "comment's end": lambda h: torrent("ab", f"see {h}"),
    "late": lambda h: torrent([*(f"a{number:05d}" for number in range(2001)), f"{h}.iso"]),
    "many": lambda h: torrent(
        ["-".join(f"{row * 5 + each:040x}" for each in range(1, 6)) for row in range(401)] + [h]
    ),
    "escaped": lambda h: torrent(["a", f"10%{h}"]),
}


@pytest.mark.parametrize("kind", TORRENTS)
def test_no_torrent_names_it_anywhere(configure, kind):
    configure(site_languages=("en",), build_debounce_s=0)
    named = work("Zqdoomed")
    link, found = metainfo.read(TORRENTS[kind](named.magnet_hash))
    about: dict[str, Any] = {"category": named.category, "publisher": named.publisher}
    row = make.resource(title="Other", magnet_uri=link.uri(), is_probed=False, **about)
    findings.record_metadata(row, found)
    tasks.build_now("test")
    take_down(named)

    takedowns.take_off_site()

    assert traces(named.magnet_hash) == []
    tasks.build_now("test", force=True)
    assert traces(named.magnet_hash) == []
    assert "Other" in page(row)


def test_a_magnet_in_a_title_or_the_name_of_a_file_has_no_private_peers(configure):
    configure(site_languages=("en",), build_debounce_s=0)
    name = f"magnet:?xt=urn:btih:{'ab' * 20}&x.pe={PEER}"
    link, found = metainfo.read(torrent(["a", name]))
    row = make.resource(title=name, magnet_uri=link.uri(), is_probed=False)
    findings.record_metadata(row, found)

    tasks.build_now("test")

    assert "ab" * 20 in page(row)
    assert [path for path, body in tree(releases.public()).items() if PEER.encode() in body] == []
