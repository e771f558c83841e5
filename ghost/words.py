"""Words that people typed, made fit to be shown in one line."""

from __future__ import annotations

import unicodedata

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
"""Bidirectional controls: they would turn the words around them, too (UAX #9)."""


def one_line(text: str) -> str:
    """NFC, one space between words, without control, bidi, private-use and surrogate characters.

    Joiners stay: Persian and emoji are written with them. Empty if nothing would be seen.
    """
    kept = "".join(" " if is_hidden(c) else c for c in unicodedata.normalize("NFC", text))
    line = " ".join(kept.split())
    return line if any(unicodedata.category(c) not in {"Cf", "Zs"} for c in line) else ""


def is_hidden(char: str) -> bool:
    """Whether no honest text has it."""
    return char in _TURNING or unicodedata.category(char) in {"Cc", "Co", "Cs", "Cn"}
