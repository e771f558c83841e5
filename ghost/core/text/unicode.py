"""Words that people typed, made fit to be shown in one line."""

from __future__ import annotations

import re
import unicodedata

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
"""Bidirectional controls: they would turn the words around them, too (UAX #9)."""

FOLDED_CHARS = 400

_BLANK = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\ufff0-\ufff8\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""What is drawn as nothing, though it counts as a letter, a mark or a sign: the default-ignorable
code points (Unicode's DerivedCoreProperties) that are no format controls, and the empty braille
cell."""


def one_line(text: str) -> str:
    """NFC, one space between words, without control, bidi, private-use and surrogate characters.

    Joiners stay: Persian and emoji are written with them. Empty if nothing would be seen.
    """
    kept = "".join(" " if is_hidden(c) else c for c in unicodedata.normalize("NFC", text))
    line = " ".join(kept.split())
    return line if any(not is_blank(c) for c in line) else ""


def folded(text: str) -> str:
    """As searches compare it: case, width and composition make no difference in any script.

    Near to NFKC_Casefold (UAX #44). At most FOLDED_CHARS, since a database's index bounds its
    entries.
    """
    once = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", once)[:FOLDED_CHARS]


def is_blank(char: str) -> bool:
    """Whether nothing of it would be seen if it stood alone: spaces, joiners, selectors, fillers."""
    return unicodedata.category(char) in {"Cf", "Zs"} or bool(_BLANK.match(char))


def is_hidden(char: str) -> bool:
    """Whether no honest text has it."""
    return char in _TURNING or unicodedata.category(char) in {"Cc", "Co", "Cs", "Cn"}
