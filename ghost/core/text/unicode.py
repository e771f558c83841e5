"""Words that people typed, made fit to be shown in one line."""

from __future__ import annotations

import re
import unicodedata

_HIDDEN = "\0-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\ufdd0-\ufdef" + "".join(
    chr(plane + end) for plane in range(0, 0x110000, 0x10000) for end in (0xFFFE, 0xFFFF)
)
"""Controls, halves of pairs, noncharacters, and what turns the direction of the words around it (UAX #9)."""
_NOT_WRITTEN = "\u200b\u2060\u2066-\u2069\ufeff"
"""Spaces of no width, and isolates, which may be left open and would turn the page behind them. The marks U+200E,
U+200F and U+061C turn nothing but what they stand beside: Hebrew and Arabic titles need them."""
_BLANK = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\ufff0-\ufff8\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""What is drawn as nothing, though it counts as a letter, a mark or a sign: the default-ignorable
code points (Unicode's DerivedCoreProperties) that are no format controls, and the empty braille
cell."""


def one_line(text: str) -> str:
    """NFC, one space between words, without what no honest text has.

    Every letter stays, also those newer than Python's tables, those of private use, and the joiners that Persian
    and emoji are written with. Empty if nothing would be seen.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    written = _UNWRITTEN.sub("", text)
    line = " ".join(unicodedata.normalize("NFC", _HIDING.sub(" ", written)).split())
    return line if any(not is_blank(c) for c in line) else ""


def lines(text: str) -> str:
    """Several lines as they were typed, without what no honest text has: line ends and tabs stay."""
    return _UNWRITTEN.sub("", _HIDING_IN_LINES.sub(" ", text))


def is_blank(char: str) -> bool:
    """Whether nothing of it would be seen if it stood alone: spaces, joiners, selectors, fillers."""
    return unicodedata.category(char) in {"Cf", "Zs"} or bool(_BLANK.match(char))


def is_hidden(char: str) -> bool:
    """Whether no honest text has it."""
    return bool(_HIDING.match(char) or _UNWRITTEN.match(char))


def spelt_out(text: str) -> str:
    r"""What nobody would see, or what hides or turns what stands beside it, as Python writes it (`\u202e`);
    line ends stay."""
    return _MAYBE_UNSEEN.sub(_spelt, text)


def shortened(text: str, most_chars: int) -> str:
    """The same, without its middle if it is longer."""
    if len(text) <= most_chars:
        return text
    half = most_chars // 2
    return f"{text[:half]} … {len(text) - 2 * half} characters left out … {text[-half:]}"


def _spelt(found: re.Match[str]) -> str:
    sign = found[0]
    if sign.isprintable() and not is_blank(sign):
        return sign
    return sign.encode("unicode_escape").decode("ascii")


_HIDING = re.compile(f"[{_HIDDEN}]")
_HIDING_IN_LINES = re.compile(f"(?![\t\n\r])[{_HIDDEN}]")
_UNWRITTEN = re.compile(f"[{_NOT_WRITTEN}]")
_MAYBE_UNSEEN = re.compile(
    "[^\n -~\u00c0-\u024f\u0400-\u0481\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]"
)
"""Everything but the letters that are most used: all of those are seen."""
