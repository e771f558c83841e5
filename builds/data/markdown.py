"""Publishers' markdown, which is hostile, as HTML that can do no harm.

CommonMark with tables and strikethrough. Raw HTML is shown as text, images become their text,
and a link leads out of the site or nowhere; magnets are written anew (`builds.data.mentions`). nh3 goes over the result once more, so that two
programs would have to fail together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from builds.data import mentions
from ghost.core.text import addresses, info_hashes
from ghost.core.text.info_hashes import MASK

SUMMARY_CHARS = 240
LAZY_LINES = 1000
"""So many lines of a text may continue a quote without its mark; from there on a quote ends where
its marks do. The parser looks at such lines again for each quote and each level of it."""
SCHEMES = {"http", "https", "mailto", "magnet"}
TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol",
    "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
HEADING = re.compile("h[1-6]")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Rendered:
    """A text as sanitised HTML, and its words in one line of at most 240 characters.

    Headings of `html` start at h2, since the page's title is its h1; `summary` has no markup.
    """

    html: str
    summary: str

    @property
    def named(self) -> set[str]:
        """Info-hashes that it shows. Rendering joins what the text had apart: links, for one."""
        return info_hashes.named(f"{self.html} ; {self.summary}")


def render(text: str, blocked: mentions.Blocked = mentions.NONE) -> Rendered:
    """`text` in both shapes, parsed once, without the `blocked` hashes."""
    tokens = _parser().parse(_readable(text))
    mentions.clean(tokens, blocked)
    html, summary = _html(tokens), info_hashes.masked(_summary(tokens), blocked)
    # Spread over paragraphs or cells, one is found in the whole alone.
    is_clean = info_hashes.is_free(html, blocked)
    return Rendered(html if is_clean else f"<p>{MASK}</p>\n", summary)


def _html(tokens: Sequence[Token]) -> str:
    for token in tokens:
        if HEADING.fullmatch(token.tag):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
    return nh3.clean(
        _parser().renderer.render(tokens, _parser().options, {}),
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes=SCHEMES,
        link_rel="nofollow noopener ugc",
    )


def _summary(tokens: Sequence[Token]) -> str:
    line = " ".join("".join(_words(tokens)).split())
    if len(line) <= SUMMARY_CHARS:
        return line
    return line[: SUMMARY_CHARS - 1].rstrip() + "…"


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False})
    parser.enable(["table", "strikethrough"])
    parser.block.ruler.before("table", "lazy_limit", _is_too_lazy, {"alt": ["blockquote"]})
    parser.validateLink = _is_link  # type: ignore[method-assign]  # the documented way
    parser.add_render_rule("image", _image)
    return parser


def _is_too_lazy(state: StateBlock, _line: int, _end: int, is_asked: bool) -> bool:  # noqa: FBT001  # the parser's own
    """Whether a quote ends before a line that has no mark."""
    state.env["lazy"] = state.env.get("lazy", 0) + is_asked
    return is_asked and state.env["lazy"] > LAZY_LINES


def _image(
    _renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    _options: OptionsDict,
    _env: EnvType,
) -> str:
    """A remote image would tell its host who reads the page."""
    return escape(tokens[index].content)


def _is_link(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme.lower() in addresses.SCHEMES:
        return addresses.is_plain(url)
    # A relative address would lead to a page of this site that may not be there.
    return parts.scheme.lower() in SCHEMES and bool(parts.netloc or parts.path or parts.query)


def _attribute(tag: str, name: str, value: str) -> str | None:
    return value if name != "href" or _is_link(value) else None


def _readable(text: str) -> str:
    """Without control characters, which neither HTML nor XML may hold."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n"))


def _words(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.children:
            yield from _words(token.children)
        elif token.type in {"text", "code_inline", "code_block", "fence"}:
            yield token.content
        if token.block or token.type in {"softbreak", "hardbreak"}:
            yield " "
