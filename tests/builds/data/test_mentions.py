"""Magnet links of texts go through the one composer; of what is blocked, nothing is left."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builds.data import markdown
from ghost.core.text import info_hashes

H, V2 = "da39a3ee5e6b4b0d3255bfef95601890afd80709", "e3b0c44298fc1c149afbf4c8996fb924" * 2
OTHER = "ab" * 20
PRIVATE = "x.pe=10.0.0.1:22&tr=http%3A%2F%2F192.168.0.1%2Fa&tr=udp%3A%2F%2Ft.example%3A1"
PUBLIC = "tr=udp%3A%2F%2Ft.example%3A1"
LINK = f"magnet:?xt=urn:btih:{H}&dn=N&{PRIVATE}"
CLEAN = f"magnet:?xt=urn:btih:{H}&amp;dn=N&amp;{PUBLIC}"


def base32(digits: str) -> str:
    return base64.b32encode(bytes.fromhex(digits)).decode()


def html(text: str, *blocked: str) -> str:
    found = markdown.render(text, frozenset(blocked)).html
    return found.replace(' rel="nofollow noopener ugc"', "").strip()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"[a]({LINK})", f'<p><a href="{CLEAN}">a</a></p>'),
        (f"<{LINK}>", f'<p><a href="{CLEAN}">{CLEAN}</a></p>'),
        (f"[a]\n\n[a]: {LINK}", f'<p><a href="{CLEAN}">a</a></p>'),
        (f"[a](<{LINK.replace('magnet:?xt=urn:btih', 'mAgNeT:?XT=URN:BtIh')}>)", f'<p><a href="{CLEAN}">a</a></p>'),
        (f"[a]({LINK.replace(':?', '&colon;?')})", f'<p><a href="{CLEAN}">a</a></p>'),
        (f"see {LINK}.", f"<p>see {CLEAN}.</p>"),
        (f"`{LINK}`", f"<p><code>{CLEAN}</code></p>"),
        (f"    {LINK}", f"<pre><code>{CLEAN}\n</code></pre>"),
        (f"![{LINK}](https://host/x.png)", f"<p>{CLEAN}</p>"),
        (f"[a]({LINK.replace('&', '&amp;')})", f'<p><a href="{CLEAN}">a</a></p>'),
        (f"`{LINK.replace('&', '&amp;')}`", f"<p><code>{CLEAN}</code></p>"),
        (f"[a]({LINK.replace('xt=', 'xt.1=')})", f'<p><a href="{CLEAN}">a</a></p>'),
        (f"[a]({LINK.replace(H, base32(H))})", f'<p><a href="{CLEAN}">a</a></p>'),
        (f"[a](magnet:%3F{LINK[8:]})", f'<p><a href="{CLEAN}">a</a></p>'),
        (f"[a](magnet:?xt=urn:btih:00&{PRIVATE})", "<p>a</p>"),
        (f"see magnet:?xt=urn:btih:00&{PRIVATE} x", "<p>see magnet:… x</p>"),
        (f"see {quote(LINK, safe='')} x", f"<p>see {CLEAN} x</p>"),
        ("magnet links", "<p>magnet links</p>"),
    ],
)  # fmt: skip
def test_a_magnet_link_is_written_anew(text, shown):
    assert html(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"x [words]({LINK}) y", "<p>x words y</p>"),
        (f"x [{H}]({LINK}) y", "<p>x … y</p>"),
        (f"x <{LINK}> y", "<p>x magnet:… y</p>"),
        (f"x ![{H}](https://host/x.png)", "<p>x …</p>"),
        (f"[a](magnet:?xt=urn:btih:{OTHER}&dn={H})", "<p>a</p>"),
        (f"[a](https://host.example/{H}.torrent)", "<p>a</p>"),
        (f'[a](https://host.example/ "{H}")', '<p><a href="https://host.example/" title="…">a</a></p>'),
        (f"`{H}` **{base32(H)}**", "<p><code>…</code> <strong>…</strong></p>"),
        (f"```\n{H}\n```", "<pre><code>…\n</code></pre>"),
        (f"one {H[:9]}*{H[9:]}* two\n\nthree", "<p>…</p>\n<p>three</p>"),
        (f"- {H[:9]}\n- {H[9:]}", "<p>…</p>"),
        (f"| {H[:20]} | {H[20:]} |\n|---|---|", "<p>…</p>"),
        (f"[words](magnet:?xt=urn:btmh:1220{V2})", "<p>words</p>"),
        (f"[b](magnet:?xt=urn:btih:{OTHER}&xt=urn:btmh:1220{V2})", "<p>b</p>"),
        (f"{OTHER} stays", f"<p>{OTHER} stays</p>"),
    ],
)  # fmt: skip
def test_of_a_blocked_hash_nothing_is_left(text, shown):
    assert html(text, H, V2) == shown


PARTS = st.sampled_from(
    [
        H, H.upper(), base32(H), H[:17], H[17:], LINK, f"[a]({LINK})", f"<{LINK}>", " ", "\n", "\n\n",
        "*", "**", "`", "```\n", "    ", "> ", "- ", "| ", "# ", "&shy;", "&#100;", "\u200b", "\\", "[a]: ", "[a]",
        "](", ")", f"https://h.example/{H}", "![", "_", "~~", "face", "x",
    ]
)  # fmt: skip


@given(st.lists(PARTS, max_size=14).map("".join))
def test_whatever_a_text_does_its_page_names_no_blocked_hash(text):
    found = markdown.render(text, frozenset({H}))

    assert H not in info_hashes.named(found.html)
    assert H not in info_hashes.named(found.summary)
    assert "10.0.0.1" not in found.html + found.summary
