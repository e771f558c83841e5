"""The run books, which the admin shows from the documentation: what to do, step by step."""

from __future__ import annotations

import re

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from ghost.core.config.values import BASE_DIR

FOLDER = BASE_DIR / "docs" / "runbooks"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LINK = re.compile(r'<a href="(?P<to>[^"]*)">(?P<text>.*?)</a>', re.DOTALL)
_TO_ANOTHER = re.compile(r"(?P<name>[a-z0-9-]+)\.md(?P<place>#[\w-]*)?")


def html(name: str) -> SafeString | None:
    """One page as HTML; None if there is none of this name. Links to other run books lead to their pages here,
    those to the rest of the documentation are its words alone."""
    file = FOLDER / f"{name}.md"
    if not _NAME.fullmatch(name) or not file.is_file():
        return None
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    made = parser.render(file.read_text("utf-8"))
    return mark_safe(_LINK.sub(_link, made))  # noqa: S308  # a text of ours, without HTML of its own


def _link(found: re.Match[str]) -> str:
    to, text = found["to"], found["text"]
    if another := _TO_ANOTHER.fullmatch(to):
        return f'<a href="../{another["name"]}/{another["place"] or ""}">{text}</a>'
    return found[0] if to.startswith(("https://", "http://", "#")) else text
